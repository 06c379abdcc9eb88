import { expect, test } from 'vitest';
import { checkHeader } from './header-policy.ts';

test.each([
  'Host',
  'content-length',
  'Transfer-Encoding',
  'Connection',
  'webhook-id',
  'Webhook-Signature',
  'X-Webhook-Signature',
  'ce-id',
  'Content-Type',
  'traceparent',
  'tidings-loop',
  'Accept-Encoding',
  'Proxy-Authorization',
])('%s must not be set by a partner', (name) => {
  expect(checkHeader(name, 'x')).toMatchObject({ ok: false, rule: 'reserved' });
});

test.each(['', 'a b', 'a:b', 'a\r\nb', 'ä', 'x'.repeat(129)])('%j is not a header name', (name) => {
  expect(checkHeader(name, 'x')).toMatchObject({ ok: false, rule: 'name' });
});

test.each(['a\r\nhost: b', 'a\nb', 'a\u0000b', 'a\u007fb', '→', 'x'.repeat(4_097)])(
  '%j is not a header value',
  (value) => {
    expect(checkHeader('x-a', value)).toMatchObject({ ok: false, rule: 'value' });
  },
);

test.each([
  ['X-Api-Key', 'abc'],
  ['Authorization', 'Bearer abc'],
  ['x-note', 'tab\tand é'],
  ['x-empty', ''],
])('%s may be set by a partner', (name, value) => {
  expect(checkHeader(name, value)).toEqual({ ok: true });
});

import { AppError } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { operatorPolicy } from './operator-policy.ts';
import { checkUrl } from './url-policy.ts';

const settings = {
  dangerouslyAllowedNetworks: ['127.0.0.0/8', '::1/128'],
  allowHttpEndpoints: true,
  ownListeners: ['127.0.0.1:4001', '[::1]:4002', 'Ingress.Internal:8080', '127.0.0.9'],
};

it.each([
  'http://127.0.0.1:4001/v1/events',
  'http://localhost:4001/',
  'http://0x7f000001:4001/',
  'http://[::1]:4002/',
  'http://ingress.internal:8080/',
  'http://127.0.0.9:1234/',
  'http://127.0.0.1:4999/',
])('refuses %s, an own listener inside an allowed network', (url) => {
  const check = checkUrl(url, operatorPolicy(settings, ['http://127.0.0.1:4999']));
  expect(check).toMatchObject({ ok: false });
});

it.each(['http://127.0.0.1:4003/', 'http://[::1]:4001/'])(
  'allows %s, which is not an own listener',
  (url) => {
    expect(checkUrl(url, operatorPolicy(settings, ['http://127.0.0.1:4999'])).ok).toBe(true);
  },
);

it.each(['host:0', 'host:70000', 'http://host:1', 'a b', 'host:port', ''])(
  'reports that %j is not a listener',
  (text) => {
    const read = () => operatorPolicy({ ...settings, ownListeners: [text] });
    expect(read).toThrow(AppError);
    expect(read).toThrow('OWN_LISTENERS');
  },
);

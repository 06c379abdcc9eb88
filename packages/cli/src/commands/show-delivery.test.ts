import { describe, expect, it } from 'vitest';
import { anApi } from '../cli-under-test.ts';

const attempt = {
  attempt: 1,
  chain: 0,
  trigger: 'event',
  at: '2026-11-22T10:00:00.120Z',
  duration_ms: 38,
  outcome: 'failed',
  status_code: 500,
  reason: 'http-status',
  response_excerpt: 'oh\nno',
  next: { kind: 'retry', at: '2026-11-22T10:00:05.158Z' },
  details: 'recorded',
  phases: { dns_ms: 1.2, connect_ms: 8.4, tls_ms: null, first_byte_ms: 14.1, body_ms: 0.2, total_ms: 24 },
  request_headers: { 'webhook-id': 'dlv_1', authorization: '***' },
  request_headers_omitted: 0,
  response_headers: { 'set-cookie': ['a=1', 'b=2'], 'x-a': 'one\u001b[31m' },
  response_headers_omitted: 3,
  response_body: 'oh\r\nno\u0007\n',
  response_body_encoding: 'utf8',
  response_body_truncated: true,
  response_body_withheld: false,
};
const delivery = (...attempts: readonly object[]) => ({
  id: 'dlv_1',
  status: 'retrying',
  attempt_count: attempts.length,
  attempts,
  attempts_truncated: false,
});

describe('deliveries show', () => {
  it('formats each attempt with its phases, headers and body, without terminal control characters', async () => {
    const { requests, run: tidings } = await anApi(200, delivery(attempt));
    const { out, code } = await tidings('deliveries', 'show', 'dlv_1');
    expect([code, requests[0]?.line]).toEqual([0, 'GET /v1/webhooks/deliveries/dlv_1']);
    expect(out.split('\n')).toEqual([
      'id             dlv_1',
      'status         retrying',
      'attempt_count  1',
      '',
      'attempt 1 (event) at 2026-11-22T10:00:00.120Z: failed, http-status, 500',
      '  phases: dns 1.2 ms, connect 8.4 ms, first byte 14.1 ms, body 0.2 ms, total 24 ms',
      '  next: another attempt at 2026-11-22T10:00:05.158Z',
      '  request',
      '    webhook-id: dlv_1',
      '    authorization: ***',
      '  response 500',
      '    set-cookie: a=1',
      '    set-cookie: b=2',
      '    x-a: one\ufffd[31m',
      '    (3 more)',
      '  body (truncated)',
      '    oh',
      '    no\ufffd',
      '    ',
    ]);
  });

  it.each<[string, object, readonly string[]]>([
    [
      'without a response',
      { response_headers: null, response_headers_omitted: 0, response_body: null, status_code: null },
      ['  no response'],
    ],
    ['whose body is not text', { response_body: 'AAE=', response_body_encoding: 'base64' }, ['    AAE=']],
    [
      'whose body is compressed',
      { response_body: null, response_body_withheld: true },
      ['  body: compressed, not recorded'],
    ],
    [
      'of which many followed',
      { details: 'dropped', chain: 2 },
      ['  headers: not kept, since many attempts followed'],
    ],
    ['of an earlier release', { details: 'unrecorded', phases: null }, ['  headers: not recorded']],
    [
      'that ended',
      { next: { kind: 'dead_letter', reason: 'exhausted' } },
      ['  next: dead letter: exhausted'],
    ],
  ])('shows an attempt %s', async (_case, over, lines) => {
    const { run: tidings } = await anApi(200, delivery({ ...attempt, ...over }));
    expect((await tidings('deliveries', 'show', 'dlv_1')).out.split('\n')).toEqual(
      expect.arrayContaining([...lines]),
    );
  });

  it('says that older attempts are missing, and prints the response with --json', async () => {
    const body = { ...delivery(attempt), attempts_truncated: true };
    const { run: tidings } = await anApi(200, body);
    expect((await tidings('deliveries', 'show', 'dlv_1')).out).toContain('Older attempts are not kept.');
    expect(JSON.parse((await tidings('deliveries', 'show', 'dlv_1', '--json')).out)).toEqual(body);
  });
});

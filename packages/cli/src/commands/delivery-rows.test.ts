import { describe, expect, it } from 'vitest';
import { anApi } from '../cli-under-test.ts';

describe('deliveries get', () => {
  const delivery = {
    id: 'dlv_1',
    status: 'delivered',
    attempts: [
      {
        ...{ attempt: 1, at: '2026-11-22T10:00:00.120Z', trigger: 'event', outcome: 'failed' },
        ...{ status_code: null, reason: 'timeout', duration_ms: 10_000, response_body: 'x'.repeat(500) },
      },
      {
        ...{ attempt: 2, at: '2026-11-22T10:00:15.158Z', trigger: 'retry', outcome: 'delivered' },
        ...{ status_code: 204, reason: null, duration_ms: 38 },
      },
    ],
  };

  it('shows a table of the attempts', async () => {
    const { run: tidings } = await anApi(200, delivery);
    expect((await tidings('deliveries', 'get', 'dlv_1')).out.split('\n')).toEqual([
      'id      dlv_1',
      'status  delivered',
      '',
      'ATTEMPT  TIME                      TRIGGER  STATUS  REASON   DURATION',
      '1        2026-11-22T10:00:00.120Z  event    failed  timeout  10000 ms',
      '2        2026-11-22T10:00:15.158Z  retry    204     -        38 ms',
    ]);
  });

  it('shows the fields alone before the first attempt', async () => {
    const { run: tidings } = await anApi(200, { id: 'dlv_1', attempts: [] });
    expect((await tidings('deliveries', 'get', 'dlv_1')).out).toBe('id  dlv_1');
  });

  it('prints the response with --json', async () => {
    const { run: tidings } = await anApi(200, delivery);
    expect(JSON.parse((await tidings('deliveries', 'get', 'dlv_1', '--json')).out)).toEqual(delivery);
  });
});

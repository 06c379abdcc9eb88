import { describe, expect, it } from 'vitest';
import { anApi } from './cli-under-test.ts';

describe('the options of several commands', () => {
  it('send the version that a change is based on', async () => {
    const { requests, run: tidings } = await anApi();
    await tidings('subscriptions', 'delete', 'sub_1', '--if-match', '3');
    await tidings('consumers', 'disable', 'acme', '--if-match', '4');
    expect(requests.map(({ headers }) => headers['if-match'])).toEqual(['"3"', '"4"']);
  });

  it.each([
    [['api-keys', 'create', '--scope', 'admin']],
    [['consumers', 'create', 'acme']],
    [['consumers', 'token', 'acme']],
    [['workspaces', 'create', 'ws_1']],
    [['event-types', 'create', 'a.b']],
    [['subscriptions', 'create', '--event', 'a']],
    [['subscriptions', 'rotate-secret', 'sub_1']],
    [['dead-letters', 'redrive', 'dl_1']],
    [['dead-letters', 'discard', 'dl_1', '--because', 'x']],
  ])('send an Idempotency-Key for %j', async (args) => {
    const { requests, run: tidings } = await anApi(201);
    await tidings(...args, '--idempotency-key', 'once');
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['once']);
  });
});

import { describe, expect, it } from 'vitest';
import { aFolder, anAnsweringApi } from './cli-under-test.ts';

const shown = {
  id: 'sub_1',
  workspace_id: 'ws_own',
  consumer_id: null,
  kind: 'webhook',
  endpoint_url: 'https://x.example/hooks',
  description: null,
  events: ['a', 'b'],
  filters: { total: { $gte: 10 }, tier: 'gold' },
  headers: { 'X-A': '1', 'X-B': '2' },
  secret_headers: { Authorization: true },
  tls: { ca: [{ fingerprint_sha256: 'ab', expires_at: '2030-01-01T00:00:00Z' }], certificate: [] },
  rate_limit: { per_second: 10, burst: 40 },
  secrets: [{ id: 'sec_1', public_key: null, created_at: '2026-01-01T00:00:00Z', expires_at: null }],
  state: 'active',
  is_active: true,
  failure_count: 0,
  last_delivery_at: null,
  version: 4,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-02T00:00:00Z',
  propagated: true,
};

/**
 * Runs `update --file f` on an edited response of `get --json`, after a delivery has changed the object, and returns
 * its request.
 */
async function updated(edit: (one: Record<string, unknown>) => unknown, ...more: string[]) {
  const one = structuredClone(shown) as Record<string, unknown>;
  edit(one);
  const folder = aFolder({ 'one.json': JSON.stringify(one) });
  const now = { ...shown, failure_count: 3, last_delivery_at: '2026-01-03T00:00:00Z', propagated: false };
  const { requests, runWith } = await anAnsweringApi(({ line }) => ({
    body: line.startsWith('GET') ? now : { ...now, version: 5 },
  }));
  const ran = await runWith({ folder }, 'subscriptions', 'update', 'sub_1', '--file', 'one.json', ...more);
  return { ...ran, patches: requests.filter(({ line }) => line.startsWith('PATCH')) };
}

describe('the output of get --json in update --file', () => {
  it('changes nothing if it is unedited', async () => {
    const { code, err, patches } = await updated(() => {});
    expect([code, err, patches]).toEqual([0, 'No differences: nothing is changed.', []]);
  });

  it('changes the edited fields if the version is still the same', async () => {
    const { code, patches } = await updated((one) => {
      one['events'] = ['a'];
      one['headers'] = { 'X-A': '1', 'X-C': '3' };
      one['filters'] = { total: { $lt: 99 }, tier: 'gold' };
      one['rate_limit'] = null;
      one['description'] = 'x';
    });
    expect(code).toBe(0);
    expect(patches).toMatchObject([
      { line: 'PATCH /v1/webhooks/subscriptions/sub_1', headers: { 'if-match': '"4"' } },
    ]);
    expect(patches[0]?.body).toEqual({
      events: ['a'],
      headers: { 'X-B': null, 'X-C': '3' },
      filters: { total: { $gte: null, $lt: 99 } },
      rate_limit: null,
      description: 'x',
    });
  });

  it('may omit fields, which stay unchanged', async () => {
    const { patches } = await updated((one) => {
      for (const name of Object.keys(one)) if (name !== 'endpoint_url') delete one[name];
      one['endpoint_url'] = 'https://y.example';
    });
    expect(patches[0]?.body).toEqual({ endpoint_url: 'https://y.example' });
    expect(patches[0]?.headers['if-match']).toBe('"4"');
  });

  it('uses the version of the command line if one is given', async () => {
    const { patches } = await updated((one) => Object.assign(one, { description: 'x' }), '--if-match', '9');
    expect(patches[0]?.headers['if-match']).toBe('"9"');
  });

  it.each<[string, unknown, string]>([
    [
      'state',
      'disabled',
      "'state' in the file was changed, but use subscriptions enable, disable and delete.",
    ],
    [
      'consumer_id',
      'acme',
      "'consumer_id' in the file was changed, but a subscription stays with its consumer: create another with --consumer.",
    ],
    ['id', 'sub_2', "'id' in the file was changed, but a subscription keeps its id."],
    [
      'filters',
      { tier: null },
      '/filters/tier in the file is null, which an update cannot set: null removes a member. Omit it, or write {"$in":[null]} for a condition.',
    ],
  ])('is refused with another %s', async (name, value, text) => {
    const { code, err, patches } = await updated((one) => Object.assign(one, { [name]: value }));
    expect([code, err, patches]).toEqual([2, text, []]);
  });

  it('cannot be combined with another field', async () => {
    const { code, err, patches } = await updated(() => {}, '--description', 'x');
    expect([code, err, patches]).toEqual([
      2,
      '--file includes all fields: use no other field option with it.',
      [],
    ]);
  });
});

import { subscriptionId, workspaceId } from '@tidings/contracts';
import { makeAuthority } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';

/** Creates a subscription, and a function that patches it. */
async function patched(fields: object = {}) {
  const served = await serveInMemory();
  const { body } = await served.call('POST', '', { body: aBody({ ...fields }) });
  const patch = async (change: object, type = 'application/json') =>
    served.call('PATCH', `/${body.id}`, { body: change, headers: { 'content-type': type } });
  return { ...served, id: body.id, patch };
}

type Case = readonly [before: object, patch: object, after: object];

describe('PATCH merges', () => {
  const headers = { 'X-A': '1', 'X-B': '2' };
  const filters = { total: { $gte: 10 }, tier: { $in: ['gold', 'silver'] } };
  const rate_limit = { per_second: 10, burst: 40 };

  it.each<[string, Case]>([
    ['a header', [{ headers }, { headers: { 'X-C': '3' } }, { headers: { ...headers, 'X-C': '3' } }]],
    ['a header that is removed', [{ headers }, { headers: { 'X-A': null } }, { headers: { 'X-B': '2' } }]],
    [
      'a header in another case',
      [{ headers }, { headers: { 'x-a': '9' } }, { headers: { 'x-a': '9', 'X-B': '2' } }],
    ],
    [
      'a header that is removed in another case',
      [{ headers }, { headers: { 'x-b': null } }, { headers: { 'X-A': '1' } }],
    ],
    ['headers that are all removed', [{ headers }, { headers: null }, { headers: {} }]],
    [
      'a secret header',
      [
        { secret_headers: { Authorization: 'Bearer a', 'X-Key': 'k' } },
        { secret_headers: { 'x-key': 'l', authorization: null } },
        { secret_headers: { 'x-key': true } },
      ],
    ],
    [
      'secret headers that are all removed',
      [{ secret_headers: { 'X-Key': 'k' } }, { secret_headers: null }, { secret_headers: {} }],
    ],
    [
      'a condition',
      [{ filters }, { filters: { currency: 'EUR' } }, { filters: { ...filters, currency: 'EUR' } }],
    ],
    [
      'an operator',
      [
        { filters },
        { filters: { total: { $lt: 99 } } },
        { filters: { ...filters, total: { $gte: 10, $lt: 99 } } },
      ],
    ],
    [
      'a list as a whole',
      [
        { filters },
        { filters: { tier: { $in: ['iron'] } } },
        { filters: { ...filters, tier: { $in: ['iron'] } } },
      ],
    ],
    [
      'a condition that is removed',
      [{ filters }, { filters: { total: null } }, { filters: { tier: filters.tier } }],
    ],
    [
      'an operator instead of another',
      [
        { filters },
        { filters: { total: { $gte: null, $lt: 5 } } },
        { filters: { ...filters, total: { $lt: 5 } } },
      ],
    ],
    ['a filter that is removed', [{ filters }, { filters: null }, { filters: null }]],
    ['a filter where there was none', [{}, { filters: { a: 1, b: null } }, { filters: { a: 1 } }]],
    [
      'a rate',
      [{ rate_limit }, { rate_limit: { per_second: 20 } }, { rate_limit: { per_second: 20, burst: 40 } }],
    ],
    ['a burst', [{ rate_limit }, { rate_limit: { burst: 5 } }, { rate_limit: { per_second: 10, burst: 5 } }]],
    [
      'a burst that is removed',
      [{ rate_limit }, { rate_limit: { burst: null } }, { rate_limit: { per_second: 10, burst: 10 } }],
    ],
    ['a limit that is removed', [{ rate_limit }, { rate_limit: null }, { rate_limit: null }]],
    ['events as a whole', [{ events: ['a', 'b'] }, { events: ['c'] }, { events: ['c'] }]],
  ])('%s', async (_name, [before, change, after]) => {
    for (const type of ['application/json', 'application/merge-patch+json']) {
      const { patch } = await patched(before);
      const answer = await patch(change, type);
      expect([type, answer.status]).toEqual([type, 200]);
      expect(answer.body).toMatchObject({ version: 2 });
      for (const [field, value] of Object.entries(after)) {
        expect(Reflect.get(answer.body, field)).toEqual(value);
      }
    }
  });

  it('and creates no version if nothing changes', async () => {
    const { patch } = await patched({ headers, filters, rate_limit });
    const same = { headers: { 'X-A': '1' }, filters: { total: { $gte: 10 } }, rate_limit: { burst: 40 } };
    expect((await patch(same)).body.version).toBe(1);
    expect((await patch({ headers: { 'X-Z': null }, filters: { other: null } })).body.version).toBe(1);
  });

  it.each<[string, object, object, string]>([
    ['a burst without a rate', {}, { rate_limit: { burst: 5 } }, '/rate_limit/per_second'],
    [
      'a rate that is removed',
      { rate_limit },
      { rate_limit: { per_second: null } },
      '/rate_limit/per_second',
    ],
    [
      'a value beside operators',
      { filters: { a: { $gt: 1 } } },
      { filters: { a: { b: 1 } } },
      '/filters/a/b',
    ],
    [
      'conditions that are too many in total',
      { filters: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`a${i}`, 1])) },
      { filters: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`b${i}`, 1])) },
      '/filters',
    ],
    [
      'headers that are too many in total',
      { headers: Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`X-A${i}`, '1'])) },
      { headers: Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`X-B${i}`, '1'])) },
      '/headers',
    ],
    ['a header that is not text', { headers }, { headers: { 'X-A': 7 } }, '/headers/X-A'],
    [
      'an unknown property of an object',
      { rate_limit },
      { rate_limit: { per_minute: 1 } },
      '/rate_limit/per_minute',
    ],
    ['null where there is always a value', {}, { timeout_seconds: null }, '/timeout_seconds'],
  ])('and rejects %s', async (_name, ...[before, change, pointer]) => {
    const { patch } = await patched(before);
    const answer = await patch(change);
    expect([answer.status, pointersOf(answer)]).toEqual([422, [pointer]]);
  });

  it('certificates: omitted ones stay, and are sealed together with new ones', async () => {
    const [first, second] = [makeAuthority(), makeAuthority()];
    const { cert: certificate, key } = first.issue({ hosts: ['client'] });
    const { id, patch, bus, secretFactory } = await patched({ tls: { ca: first.cert, certificate, key } });
    const owner = { workspaceId: workspaceId('ws_own'), subscriptionId: subscriptionId(id) };
    const opened = () => secretFactory.openTls(publishedOn(bus).at(-1)?.tls?.sealed ?? '', owner);
    expect((await patch({ tls: { ca: second.cert } })).body.version).toBe(2);
    expect(opened()).toEqual({ ca: second.cert, cert: certificate, key });
    expect(pointersOf(await patch({ tls: { key: null } }))).toEqual(['/tls/key']);
    expect((await patch({ tls: { certificate: null, key: null } })).body.version).toBe(3);
    expect(opened()).toEqual({ ca: second.cert });
    expect(pointersOf(await patch({ tls: { ca: null } }))).toEqual(['/tls']);
    expect((await patch({ tls: null })).body).toMatchObject({ version: 4, tls: null });
  });

  it('into the version that the write replaces, not into an earlier read', async () => {
    const { call, id } = await patched();
    const names = Array.from({ length: 8 }, (_, i) => `X-N${i}`);
    const answers = await Promise.all(
      names.map(async (name) => call('PATCH', `/${id}`, { body: { headers: { [name]: '1' } } })),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { body } = await call('GET', `/${id}`);
    expect(Object.keys(Reflect.get(body, 'headers') as object).sort()).toEqual(names);
  });

  it('nothing for a key without access', async () => {
    const { call, id } = await patched({ consumer_id: 'acme' });
    const body = { filters: { a: { $regex: 'x' } } };
    expect((await call('PATCH', `/${id}`, { key: 'globex', body })).status).toBe(404);
    expect((await call('PATCH', `/${id}`, { key: 'acme', body })).status).toBe(422);
  });
});

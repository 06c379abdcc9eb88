import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../test/memory/in-memory-api.ts';
import { aBody } from '../../test/registry-api.ts';
import { filterWarnings } from './filter-warnings.ts';
import type { KnownType } from './ports.ts';

const aType = (name: string, properties: object | null): KnownType => ({
  name,
  schemaJson: properties === null ? null : JSON.stringify({ type: 'object', properties }),
  exampleJson: null,
});
const paid = aType('order.paid', {
  id: { type: 'string' },
  total: { type: 'integer' },
  tier: { enum: ['gold', 'iron'] },
});
const lost = aType('order.lost', { id: { type: 'string' }, reason: { type: 'string' } });
const bare = aType('order.bare', null);

describe('the warnings about a filter', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['a field with its type', { total: { $gte: 5 }, tier: 'gold', id: { $prefix: 'o' } }],
    ['null, which is also what is not there', { id: null }],
    ['one of a list that can be', { tier: { $in: ['gold', 'wood'] } }],
    ['nothing', {}],
  ])('are none for %s', (_name, filter) => {
    expect(filterWarnings(filter, [paid])).toEqual([]);
  });

  it('report a path from the top of the event, and a path that does not exist', () => {
    const filter = { 'data.total': { $gte: 5 }, $or: [{ totl: 5 }, { $not: { 'id.x': 1 } }] };
    expect(filterWarnings(filter, [paid])).toEqual([
      {
        pointer: '/data.total/$gte',
        detail:
          "does not exist in the schema of 'order.paid', which has no 'data': a path begins inside the data, so write 'total'",
      },
      {
        pointer: '/$or/0/totl',
        detail:
          "does not exist in the schema of 'order.paid', which has no 'totl': there are id, total, tier",
      },
      {
        pointer: '/$or/1/$not/id.x',
        detail: "does not exist in the schema of 'order.paid', which has no 'x': the value has no fields",
      },
    ]);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['/total', { total: '5' }],
    ['/tier', { tier: 'wood' }],
    ['/tier/$nin', { tier: { $nin: ['wood'] } }],
    ['/total/$gt', { total: { $gt: '5' } }],
    ['/id/$lt', { id: { $lt: 5 } }],
    ['/total/$suffix', { total: { $suffix: '5' } }],
    ['/id/$size', { id: { $size: 1 } }],
    ['/total/$contains', { total: { $contains: 5 } }],
    ['/id/$not/$eq', { id: { $not: { $eq: 5 } } }],
  ])('report at %s a value that the field never has', (pointer, filter) => {
    const [warning, ...more] = filterWarnings(filter, [paid]);
    expect(warning?.pointer).toBe(pointer);
    expect(warning?.detail).toMatch(
      /^compares with a value that '(total|tier|id)' never has in the schema of 'order.paid'$/,
    );
    expect(more).toEqual([]);
  });

  it('require that every matched type is known and violates the condition', () => {
    expect(filterWarnings({ total: 5 }, [paid, lost])).toEqual([]);
    expect(filterWarnings({ nowhere: 5 }, [paid, bare])).toEqual([]);
    expect(filterWarnings({ nowhere: 5 }, null)).toEqual([]);
    expect(filterWarnings({ nowhere: 5 }, [])).toEqual([]);
    expect(filterWarnings({ nowhere: 5 }, [lost, paid])).toEqual([
      {
        pointer: '/nowhere',
        detail:
          "does not exist in the schema of 'order.lost', which has no 'nowhere': there are id, reason; the same applies to 1 more of the matched event types",
      },
    ]);
  });
});

describe('a subscription', () => {
  it('is accepted with warnings, at creation and at a change', async () => {
    const { catalogue } = await serveInMemory();
    const requested: (readonly string[])[] = [];
    const { call } = await serveInMemory({
      catalogue: {
        ...catalogue,
        typesOf: async (_scope, events) => {
          requested.push(events);
          return [paid];
        },
      },
    });
    const pointersIn = (body: { warnings: readonly { pointer: string }[] }) =>
      body.warnings.map(({ pointer }) => pointer);
    const created = await call('POST', '', {
      body: aBody({ filters: { 'data.total': 1 }, endpoint_url: 'https://unresolved.example/' }),
    });
    expect(created.status).toBe(201);
    expect(pointersIn(created.body)).toEqual(['/endpoint_url', '/filters/data.total']);
    const patch = async (body: object) => call('PATCH', `/${created.body.id}`, { body });
    expect(pointersIn((await patch({ filters: { totl: 1 } })).body)).toEqual([
      '/filters/data.total',
      '/filters/totl',
    ]);
    expect(pointersIn((await patch({ events: ['order.paid'] })).body)).toHaveLength(2);
    expect(pointersIn((await patch({ filters: { 'data.total': null, totl: null, total: 1 } })).body)).toEqual(
      [],
    );
    expect(pointersIn((await patch({ filters: null })).body)).toEqual([]);
    expect(requested).toEqual([['order.*'], ['order.*'], ['order.paid'], ['order.paid']]);
  });
});

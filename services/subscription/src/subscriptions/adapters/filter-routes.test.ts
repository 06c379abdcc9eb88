import { describe, expect, it } from 'vitest';
import { serveFilters } from '../../../test/memory/serve-filters.ts';

describe('POST filters/test', () => {
  it('returns that a filter matches the data of an event', async () => {
    const { test } = await serveFilters();
    const { status, body } = await test({
      filter: { total: { $gte: 10 } },
      event: { type: 'order.paid', data: { total: 10 } },
    });
    expect([status, body]).toEqual([200, { matches: true, failed: [], warnings: [] }]);
  });

  it('returns the failed condition, its pointer and the found values', async () => {
    const { test } = await serveFilters();
    const { body } = await test({
      filter: { total: { $gte: 10 }, $or: [{ tier: 'gold' }] },
      event: { data: { total: 7 } },
    });
    expect(body).toEqual({
      matches: false,
      failed: [
        { pointer: '/filter/total/$gte', detail: 'must be at least 10, got 7', path: 'total', found: [7] },
        { pointer: '/filter/$or', detail: 'none of its filters matches', path: null, found: [] },
        { pointer: '/filter/$or/0/tier', detail: "must be 'gold', got nothing", path: 'tier', found: [] },
      ],
      warnings: [],
    });
  });

  it('accepts the body of a webhook, and truncates long values', async () => {
    const { test } = await serveFilters();
    const { status, body } = await test({
      filter: { a: 1 },
      event: { id: 'evt_1', type: 'x', timestamp: '2027-01-01T00:00:00Z', data: { a: 'y'.repeat(5_000) } },
    });
    expect(status).toBe(200);
    const [{ found }] = body.failed as [{ found: readonly string[] }];
    expect(found[0]).toMatch(/^"y{999}…$/);
  });

  it('uses the example of a registered type', async () => {
    const { test, register } = await serveFilters();
    await register({ name: 'order.paid', example: { total: 5 } });
    await register({ name: 'order.lost' });
    expect((await test({ filter: { total: 5 }, event_type: 'order.paid' })).body.matches).toBe(true);
    const [none, unknown] = [
      await test({ filter: {}, event_type: 'order.lost' }),
      await test({ filter: {}, event_type: 'order.nobody' }),
    ];
    expect([none.status, unknown.status]).toEqual([422, 422]);
    expect(none.body.errors).toEqual([
      {
        pointer: '/event_type',
        detail:
          "must be a type with an example, and 'order.lost' has none: send event, or add an example to the type",
      },
    ]);
    expect(unknown.body.errors).toEqual([
      { pointer: '/event_type', detail: "must be a registered event type, got 'order.nobody'" },
    ]);
  });

  it('compares the filter with the schema of the type of the event', async () => {
    const { test, register } = await serveFilters();
    const schema = { type: 'object', properties: { total: { type: 'integer' } } };
    await register({ name: 'order.paid', schema, example: { total: 5 } });
    const warning = {
      pointer: '/filter/data.total',
      detail:
        "does not exist in the schema of 'order.paid', which has no 'data': a path begins inside the data, so write 'total'",
    };
    const filter = { 'data.total': 5 };
    const event = { type: 'order.paid', data: { total: 5 } };
    expect((await test({ filter, event })).body.warnings).toEqual([warning]);
    expect((await test({ filter, event_type: 'order.paid' })).body.warnings).toEqual([warning]);
    expect((await test({ filter, event: { data: { total: 5 } } })).body.warnings).toEqual([]);
    expect((await test({ filter, event }, 'other')).body.warnings).toEqual([]);
  });

  it('uses a draft only for its workspace', async () => {
    const { test, register } = await serveFilters();
    await register({ name: 'order.secret', state: 'draft', example: { a: 1 } });
    const body = { filter: { a: 1 }, event_type: 'order.secret' };
    expect((await test(body)).body.matches).toBe(true);
    for (const key of ['acme', 'other']) {
      const answer = await test(body, key);
      expect([key, answer.status]).toEqual([key, 422]);
      expect(answer.body.errors[0]?.detail).toBe("must be a registered event type, got 'order.secret'");
    }
  });

  it.each<[string, object, string]>([
    ['neither event nor type', { filter: {} }, '/event'],
    ['both', { filter: {}, event: { data: 1 }, event_type: 'a' }, '/event_type'],
    [
      'an operator that is not known',
      { filter: { a: { $regex: 'x' } }, event: { data: {} } },
      '/filter/a/$regex',
    ],
    ['an unknown field', { filter: {}, event: { data: {} }, events: [] }, '/events'],
    ['an unknown field of the event', { filter: {}, event: { data: {}, payload: 1 } }, '/event/payload'],
    ['no filter', { event: { data: {} } }, '/filter'],
    ['an event without data', { filter: {}, event: { type: 'a' } }, '/event/data'],
  ])('rejects %s', async (_name, body, pointer) => {
    const { test } = await serveFilters();
    const answer = await test(body);
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, pointer]);
  });

  it('requires a key', async () => {
    const { test } = await serveFilters();
    expect((await test({ filter: {}, event: { data: {} } }, 'nobody')).status).toBe(401);
    expect((await test({ filter: {}, event: { data: {} } }, 'reader')).status).toBe(200);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, FilterError } from './compile-filter.ts';
import { explainFilter } from './explain-filter.ts';
import { filterLimits } from './filter-limits.ts';

const order = {
  total: 7,
  currency: 'EUR',
  note: null,
  customer: { tier: 'gold' },
  items: [{ sku: 'A-1' }, { sku: 'B-2' }],
};

describe('the explanation of a match', () => {
  it('has no failed condition when the filter matches', () => {
    expect(explainFilter({ total: { $gte: 7 }, 'items.sku': 'B-2' }, order)).toEqual({
      matches: true,
      failed: [],
    });
  });

  it('lists each failed condition, with the value found', () => {
    expect(
      explainFilter({ total: { $gte: 10, $lt: 100 }, currency: 'USD', 'customer.tier': 'gold' }, order),
    ).toEqual({
      matches: false,
      failed: [
        { pointer: '/total/$gte', detail: 'must be at least 10, got 7', path: 'total', found: [7] },
        { pointer: '/currency', detail: "must be 'USD', got 'EUR'", path: 'currency', found: ['EUR'] },
      ],
    });
  });

  it.each<[object, string, string, readonly unknown[]]>([
    [{ missing: 1 }, '/missing', 'must be 1, got nothing', []],
    [{ note: 'x' }, '/note', "must be 'x', got null", [null]],
    [
      { 'items.sku': { $prefix: 'C' } },
      '/items.sku/$prefix',
      "must be text that begins with 'C', got 'A-1', 'B-2'",
      ['A-1', 'B-2'],
    ],
    [
      { items: { $size: 3 } },
      '/items/$size',
      'must be an array of 3 items, got [{"sku":"A-1"},{"sku":"B-2"}]',
      [order.items],
    ],
    [{ currency: { $exists: false } }, '/currency/$exists', "must not be there, got 'EUR'", ['EUR']],
    [{ total: { $not: { $gt: 5 } } }, '/total/$not', 'must not be such that {"$gt":5} holds, got 7', [7]],
    [{ total: '7' }, '/total', "must be '7', got 7", [7]],
    [
      { 'data.total': { $gt: 5 } },
      '/data.total/$gt',
      "must be greater than 5, got nothing: a path begins inside the data, so write 'total'",
      [],
    ],
    [{ 'a~/b': 1 }, '/a~0~1b', 'must be 1, got nothing', []],
  ])('explains %j', (filter, ...[pointer, detail, found]) => {
    expect(explainFilter(filter, order).failed).toEqual([
      { pointer, detail, path: expect.any(String) as string, found },
    ]);
  });

  it('descends into combinations of filters', () => {
    const filter = {
      $and: [{ total: 7 }, { $or: [{ total: 8 }, { currency: 'USD' }] }],
      $nor: [{ total: 1 }, { total: 7 }],
      $not: { currency: 'EUR' },
    };
    expect(explainFilter(filter, order).failed.map(({ pointer, detail }) => [pointer, detail])).toEqual([
      ['/$and/1/$or', 'none of its filters matches'],
      ['/$and/1/$or/0/total', 'must be 8, got 7'],
      ['/$and/1/$or/1/currency', "must be 'USD', got 'EUR'"],
      ['/$nor/1', 'must not match, and does'],
      ['/$not', 'must not match, and does'],
    ]);
  });

  it('reports data that are too large for the filter as no match', () => {
    const filter = { $and: Array.from({ length: 50 }, () => ({ 'list.x': { $ne: 1 } })) };
    const { matches, failed } = explainFilter(filter, {
      list: Array.from({ length: 50_000 }, () => ({ x: 2 })),
    });
    expect(matches).toBe(false);
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject({ pointer: '', path: null });
    expect(failed[0]?.detail).toContain(String(filterLimits.lookupsPerMatch));
  });

  it('is bounded', () => {
    const filter = { $or: Array.from({ length: 100 }, (_, i) => ({ total: 100 + i })) };
    expect(explainFilter(filter, order).failed).toHaveLength(filterLimits.failedConditions);
    const list = Array.from({ length: 99 }, () => ({ x: 2 }));
    expect(explainFilter({ 'list.x': 1 }, { list }).failed[0]?.found).toHaveLength(filterLimits.foundValues);
  });

  it('is refused for an invalid filter', () => {
    expect(() => explainFilter({ $where: '1' }, {})).toThrow(FilterError);
  });

  const json = fc.jsonValue({ maxDepth: 2 });
  const path = fc.constantFrom('a', 'b', 'a.b', 'a.0', 'a.b.c', '0');
  const scalar = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom('', 'a', 'ab', null, true));
  const operators = fc.oneof(
    fc.record({ $gt: fc.integer({ min: -2, max: 2 }), $lte: fc.integer({ min: -2, max: 2 }) }),
    fc.record({ $in: fc.array(scalar, { minLength: 1 }) }),
    fc.record({ $ne: scalar }),
    fc.record({ $exists: fc.boolean() }),
    fc.record({ $size: fc.nat(3) }),
    fc.record({ $not: fc.record({ $contains: scalar }) }),
  );
  const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.dictionary(path, fc.oneof(scalar, operators), { maxKeys: 3 }),
      fc.record({ $and: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ $or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ $nor: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ $not: tie('filter') }),
    ),
  }));
  const data = fc.dictionary(fc.constantFrom('a', 'b', '0'), fc.oneof(json, scalar, fc.array(scalar)));

  it('agrees with the match for every filter and all data, and has reasons exactly when it does not match', () => {
    fc.assert(
      fc.property(filter, data, (given, about) => {
        const explanation = explainFilter(given, about);
        expect(explanation.matches).toBe(compileFilter(given)(about));
        expect(explanation.failed.length === 0).toBe(explanation.matches);
      }),
      { numRuns: 500 },
    );
  });
});

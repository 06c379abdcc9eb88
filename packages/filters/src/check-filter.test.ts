import { describe, expect, it } from 'vitest';
import { checkFilter } from './check-filter.ts';
import { filterLimits } from './filter-limits.ts';

const pointersOf = (filter: unknown): string[] => {
  const check = checkFilter(filter);
  return check.ok ? [] : check.errors.map(({ pointer }) => pointer);
};
const detailsOf = (filter: unknown): string => {
  const check = checkFilter(filter);
  return check.ok ? '' : check.errors.map(({ detail }) => detail).join('; ');
};
const nested = (levels: number): unknown => {
  let filter: unknown = { a: 1 };
  for (let level = 1; level < levels; level += 1) filter = { $not: filter };
  return filter;
};

describe('a filter', () => {
  it.each([
    [{}],
    [{ status: 'published' }],
    [{ 'a.b.0.c': null, d: [1, 'x', { e: true }], f: { g: {} } }],
    [{ $and: [{ a: 1 }, { $or: [{ b: 2 }, { $nor: [{ c: 3 }] }] }], $not: { d: 4 } }],
    [{ a: { $in: [1, 'x', null, [1], { b: 1 }], $nin: [2], $ne: { c: 1 }, $eq: [] } }],
    [{ a: { $gt: 1, $gte: '2026-01-01T00:00:00Z', $lt: 'x', $lte: -1.5 } }],
    [{ a: { $exists: false, $prefix: 'x', $suffix: 'y', $contains: null, $size: 0, $not: { $gt: 1 } } }],
    [JSON.parse('{ "__proto__": 1, "constructor.prototype": { "$exists": true } }')],
  ])('may be %j', (filter) => {
    expect(checkFilter(filter)).toEqual({ ok: true });
  });

  it.each([
    [null, ''],
    [[], ''],
    ['x', ''],
    [{ $where: 'this.a' }, '/$where'],
    [{ $and: [] }, '/$and'],
    [{ $and: [{ a: 1 }, 7] }, '/$and/1'],
    [{ $or: { a: 1 } }, '/$or'],
    [{ a: { $regex: '.*' } }, '/a/$regex'],
    [{ a: { $gt: 1, b: 2 } }, '/a/b'],
    [{ a: { $gt: null } }, '/a/$gt'],
    [{ a: { $gt: { b: 1 } } }, '/a/$gt'],
    [{ a: { $in: [] } }, '/a/$in'],
    [{ a: { $in: 'x' } }, '/a/$in'],
    [{ a: { $in: [{ $gt: 1 }] } }, '/a/$in/0/$gt'],
    [{ a: { b: { $gt: 1 } } }, '/a/b/$gt'],
    [{ a: { $exists: 1 } }, '/a/$exists'],
    [{ a: { $prefix: '' } }, '/a/$prefix'],
    [{ a: { $size: -1 } }, '/a/$size'],
    [{ a: { $size: 1.5 } }, '/a/$size'],
    [{ a: { $contains: [1] } }, '/a/$contains'],
    [{ a: { $not: 5 } }, '/a/$not'],
    [{ a: { $not: {} } }, '/a/$not'],
    [{ a: { $not: { $gtt: 1 } } }, '/a/$not/$gtt'],
    [{ '': 1 }, '/'],
    [{ 'a..b': 1 }, '/a..b'],
    [{ 'a.': 1 }, '/a.'],
    [{ 'a.$b': 1 }, '/a.$b'],
    [{ 'a/b~c.': 1 }, '/a~1b~0c.'],
  ])('may not be %j', (filter, pointer) => {
    expect(pointersOf(filter)).toEqual([pointer]);
  });

  it('is refused with the list of operators, and how to write what was meant', () => {
    expect(detailsOf({ a: { $regex: 'x' } })).toContain('$prefix');
    expect(detailsOf({ $where: 'x' })).toContain('$and, $or, $nor, $not');
    expect(detailsOf({ a: { b: { $gt: 1 } } })).toContain('right under a path');
    expect(detailsOf({ a: { $gt: 1, b: 2 } })).toContain("'a.b'");
  });

  it('reports all its faults at once, at most 20', () => {
    expect(pointersOf({ 'a.': 1, b: { $size: 'x' }, c: { $in: [] } }).sort()).toEqual([
      '/a.',
      '/b/$size',
      '/c/$in',
    ]);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`$x${index}`, 1]));
    expect(pointersOf(many)).toHaveLength(20);
  });

  it('has limits: depth, values, entries, texts, paths', () => {
    expect(checkFilter(nested(filterLimits.depth))).toEqual({ ok: true });
    expect(pointersOf(nested(filterLimits.depth + 1))).toEqual(['/$not'.repeat(filterLimits.depth)]);
    expect(pointersOf({ a: { $in: Array.from({ length: 101 }, (_, i) => i) } })).toEqual(['/a/$in']);
    const wide = { $or: Array.from({ length: 100 }, () => ({ a: { $in: [1, 2, 3, 4] } })) };
    expect(detailsOf(wide)).toContain('500 values');
    expect(pointersOf({ a: 'x'.repeat(1_025) })).toEqual(['/a']);
    expect(checkFilter({ a: 'x'.repeat(1_024) })).toEqual({ ok: true });
    expect(checkFilter({ [Array(16).fill('a').join('.')]: 1 })).toEqual({ ok: true });
    expect(pointersOf({ [Array(17).fill('a').join('.')]: 1 })).toHaveLength(1);
    expect(pointersOf({ ['a'.repeat(257)]: 1 })).toHaveLength(1);
  });

  it('is refused at any depth, without a crash', () => {
    const deep: unknown = JSON.parse(`{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(detailsOf(deep)).toContain('deeper than 10 levels');
  });
});

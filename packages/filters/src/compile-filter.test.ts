import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, FilterError } from './compile-filter.ts';

const matches = (filter: unknown, data: unknown): boolean => compileFilter(filter)(data);
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FilterError) return error.code;
    throw error;
  }
  return 'nothing thrown';
};

type Case = readonly [filter: unknown, data: unknown];
const order = {
  id: 7,
  status: 'published',
  customer: { tier: 'gold', email: 'a@b.example', manager: null },
  tags: ['new', 'sale'],
  items: [
    { sku: 'A-1', price: 10, at: '2026-03-01T10:00:00Z' },
    { sku: 'B-2', price: 25.5 },
  ],
  matrix: [
    [1, 2],
    [3, 4],
  ],
  at: '2026-02-28T23:30:00-01:00',
};

const truths: Case[] = [
  [{}, order],
  [{}, null],
  [{ status: 'published' }, order],
  [{ status: 'published', id: 7 }, order],
  [{ 'customer.tier': 'gold' }, order],
  [{ customer: { manager: null, email: 'a@b.example', tier: 'gold' } }, order],
  [{ tags: 'sale' }, order],
  [{ tags: ['new', 'sale'] }, order],
  [{ 'tags.1': 'sale' }, order],
  [{ 'items.sku': 'B-2' }, order],
  [{ 'items.0.sku': 'A-1' }, order],
  [{ 'matrix.1.0': 3 }, order],
  [{ '0.a': 1 }, [{ a: 1 }]],
  [{ a: 1 }, [{ b: 2 }, { a: 1 }]],
  [{ missing: null }, order],
  [{ 'customer.manager': null }, order],
  [{ 'customer.manager.name': null }, order],
  [{ status: { $eq: 'published' } }, order],
  [{ status: { $ne: 'draft' } }, order],
  [{ missing: { $ne: 'x' } }, order],
  [{ tags: { $ne: 'old' } }, order],
  [{ status: { $in: ['draft', 'published'] } }, order],
  [{ missing: { $in: [null] } }, order],
  [{ customer: { $in: [{ tier: 'gold', email: 'a@b.example', manager: null }] } }, order],
  [{ tags: { $in: ['sale', 'x'] } }, order],
  [{ status: { $nin: ['draft', 'old'] } }, order],
  [{ missing: { $nin: ['x'] } }, order],
  [{ id: { $gt: 6, $gte: 7, $lt: 8, $lte: 7 } }, order],
  [{ 'items.price': { $gt: 20 } }, order],
  [{ status: { $gt: 'o', $lt: 'q' } }, order],
  [{ 'customer.manager': { $exists: true } }, order],
  [{ 'customer.manager.name': { $exists: false } }, order],
  [{ 'items.at': { $exists: true } }, order],
  [{ 'customer.email': { $prefix: 'a@', $suffix: '.example', $contains: '@b' } }, order],
  [{ tags: { $prefix: 'sa' } }, order],
  [{ tags: { $contains: 'new' } }, order],
  [{ tags: { $size: 2 } }, order],
  [{ 'matrix.0': { $size: 2 } }, order],
  [{ tags: { $not: { $size: 3 } } }, order],
  [{ id: { $not: { $gt: 7 } } }, order],
  [{ missing: { $not: { $gt: 7 } } }, order],
  [{ $or: [{ id: 1 }, { id: 7 }] }, order],
  [{ $and: [{ id: 7 }, { status: 'published' }] }, order],
  [{ $nor: [{ id: 1 }, { status: 'draft' }] }, order],
  [{ $not: { id: 1 } }, order],
  [{ id: 7, $or: [{ tags: 'x' }, { tags: 'new' }], $not: { status: 'draft' } }, order],
];

const lies: Case[] = [
  [{ status: 'draft' }, order],
  [{ status: 'published', id: 8 }, order],
  [{ id: '7' }, order],
  [{ id: { $gt: '6' } }, order],
  [{ customer: { tier: 'gold' } }, order],
  [{ tags: ['sale', 'new'] }, order],
  [{ 'tags.2': 'sale' }, order],
  [{ 'items.sku': 'C-3' }, order],
  [{ 'matrix.0': 3 }, order],
  [{ status: null }, order],
  [{ status: { $ne: 'published' } }, order],
  [{ tags: { $ne: 'sale' } }, order],
  [{ missing: { $ne: null } }, order],
  [{ tags: { $nin: ['sale'] } }, order],
  [{ missing: { $nin: [null] } }, order],
  [{ id: { $gt: 7 } }, order],
  [{ id: { $lt: 7 } }, order],
  [{ missing: { $lte: 0 } }, order],
  [{ 'customer.manager': { $lte: 0 } }, order],
  [{ missing: { $exists: true } }, order],
  [{ status: { $exists: false } }, order],
  [{ id: { $prefix: '7' } }, order],
  [{ id: { $contains: 7 } }, order],
  [{ tags: { $contains: 'ne' } }, order],
  [{ matrix: { $contains: 1 } }, order],
  [{ tags: { $size: 1 } }, order],
  [{ matrix: { $not: { $size: 2 } } }, order],
  [{ status: { $size: 9 } }, order],
  [{ $or: [{ id: 1 }, { id: 2 }] }, order],
  [{ $and: [{ id: 7 }, { status: 'draft' }] }, order],
  [{ $nor: [{ id: 1 }, { id: 7 }] }, order],
  [{ $not: { id: 7 } }, order],
  [{ a: 1 }, null],
  [{ a: 1 }, 'text'],
  [{ '0': 't' }, 'text'],
  [{ length: 2 }, [1, 2]],
  [{ length: { $exists: true } }, 'text'],
];

describe('a compiled filter', () => {
  it.each(truths)('%j matches', (filter, data) => {
    expect(matches(filter, data)).toBe(true);
  });

  it.each(lies)('%j does not match', (filter, data) => {
    expect(matches(filter, data)).toBe(false);
  });

  it.each([
    [{ at: { $gt: '2026-03-01T00:00:00Z' } }, true],
    [{ at: { $lte: '2026-03-01T01:30:00+01:00' } }, true],
    [{ at: { $gte: '2026-03-01T00:30:00.000Z' } }, true],
    [{ at: { $gt: '2026-03-01T00:30:00Z' } }, false],
    [{ at: { $gt: '2026-03-01' } }, true],
    [{ at: { $lt: '2026-03-01' } }, false],
    [{ 'items.at': { $gte: '2026-03-01T12:00:00+02:00' } }, true],
    [{ status: { $gt: '2026-03-01T00:00:00Z' } }, false],
    [{ at: { $lt: '2026-13-01T00:00:00Z' } }, true],
  ])('compares dates as moments: %j → %j', (filter, expected) => {
    expect(matches(filter, order)).toBe(expected);
  });

  it('reads own fields only', () => {
    for (const path of ['__proto__', 'constructor', 'toString', 'constructor.name', '__proto__.polluted']) {
      expect(matches({ [path]: { $exists: true } }, { a: 1 })).toBe(false);
    }
    expect(matches(JSON.parse('{"__proto__.a":1}'), JSON.parse('{"__proto__":{"a":1}}'))).toBe(true);
    expect(Reflect.get({}, 'a')).toBeUndefined();
  });

  it('is refused when it breaks a rule, and no part of it runs', () => {
    for (const filter of [null, { $where: 'throw 1' }, { a: { $regex: '(a+)+$' } }, { a: { $gt: [] } }]) {
      expect(codeOf(() => compileFilter(filter))).toBe('invalid-filter');
    }
  });

  it('fails on data that would take too long, and works on the next', () => {
    const filter = compileFilter({ $and: Array.from({ length: 50 }, () => ({ 'list.x': { $ne: 1 } })) });
    const list = Array.from({ length: 50_000 }, () => ({ x: 2 }));
    expect(codeOf(() => filter({ list }))).toBe('too-costly');
    expect(filter({ list: list.slice(0, 1_000) })).toBe(true);
  });

  const json = fc.jsonValue({ maxDepth: 3 });

  it('never throws on any data, and a negation is the opposite', () => {
    const condition = fc.oneof(
      json.filter((value) => !JSON.stringify(value).includes('$')),
      fc.record({ $gt: fc.oneof(fc.integer(), fc.string()) }),
      fc.record({ $in: fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { minLength: 1 }) }),
      fc.record({ $exists: fc.boolean() }),
      fc.record({ $size: fc.nat(3) }),
      fc.record({ $contains: fc.oneof(fc.integer(), fc.string()) }),
    );
    const path = fc.constantFrom('a', 'b', 'a.b', 'a.0', 'a.b.c', '0', 'length', '__proto__');
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', '0'), json);
    fc.assert(
      fc.property(path, condition, data, (name, value, given) => {
        const filter = { [name]: value };
        expect(matches({ $not: filter }, given)).toBe(!matches(filter, given));
        expect(matches({ $nor: [filter] }, given)).toBe(matches({ $not: filter }, given));
      }),
    );
  });

  it('finds any value equal to itself, in any order of fields', () => {
    fc.assert(
      fc.property(json, (value) => {
        if (JSON.stringify(value).includes('$')) return;
        const same: unknown = JSON.parse(JSON.stringify({ a: value }));
        expect(matches({ a: { $in: [value] } }, same)).toBe(true);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { mergedMembers, mergePatch } from './merge-patch.ts';

describe('mergePatch', () => {
  // The examples of RFC 7396, appendix A.
  it.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    const before = JSON.stringify([target, patch]);
    expect(mergePatch(target, patch)).toEqual(expected);
    expect(mergePatch(expected, patch)).toEqual(expected);
    expect(JSON.stringify([target, patch])).toBe(before);
  });

  it('accepts any member name as data', () => {
    const patch: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    const merged = mergePatch({ b: 1 }, patch);
    expect(JSON.stringify(merged)).toBe('{"b":1,"__proto__":{"a":1},"constructor":2}');
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.entries(mergedMembers({}, patch as object)).map(([name]) => name)).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('mergedMembers', () => {
  it('returns what a patch names, and null for what it removes', () => {
    expect(mergedMembers({ a: { x: 1 }, b: 2, c: 3 }, { a: { y: 2 }, b: null, d: [1] })).toEqual({
      a: { x: 1, y: 2 },
      b: null,
      d: [1],
    });
  });
});

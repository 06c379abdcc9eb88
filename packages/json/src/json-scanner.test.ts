import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner, membersOf } from './index.ts';

const scan = (text: string | Buffer, size = 1_000, maxDepth = 128) => {
  const bytes = Buffer.from(text);
  const scanner = new JsonScanner({ name: 'data', maxDepth });
  const found: Record<'inside' | 'outside', Buffer[]> = { inside: [], outside: [] };
  for (let at = 0; at < bytes.length; at += size)
    for (const part of scanner.push(bytes.subarray(at, at + size)))
      found[part.isInside ? 'inside' : 'outside'].push(part.bytes);
  scanner.end();
  return {
    inside: Buffer.concat(found.inside).toString(),
    outside: Buffer.concat(found.outside).toString(),
    depth: scanner.depth,
  };
};

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isScanned = (text: string, size: number): boolean => {
  try {
    scan(text, size);
    return true;
  } catch {
    return false;
  }
};

describe('a scanner of JSON', () => {
  it.each([
    ['{"type":"a","data":{"x":[1,2]},"id":"b"}', '{"x":[1,2]}', 2],
    ['{"data":12,"type":"a"}', '12', 0],
    ['{"data": -1.5e+3 }', '-1.5e+3', 0],
    ['{"data":"a\\"b\\u00e9é😀"}', '"a\\"b\\u00e9é😀"', 0],
    ['{"d\\u0061ta":true}', 'true', 0],
    ['{"x":{"data":1},"data":[]}', '[]', 1],
    ['{"x":["data"],"data": null ,"y":1}', 'null', 0],
    ['{"data":1,"data":2}', '1', 0],
    [' {"type":"a"} ', '', 0],
    ['[{"data":1}]', '', 0],
  ])('tells the value of data in %s apart, in chunks of any size', (text, inside, depth) => {
    for (let size = 1; size <= Buffer.byteLength(text); size += 1) {
      const found = scan(text, size);
      expect(found).toMatchObject({ inside, depth });
      expect(found.outside).toBe(inside === '' ? text : text.replace(inside, ''));
    }
  });

  it('accepts what JSON.parse accepts, and finds what membersOf finds', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.integer({ min: 1, max: 9 }), (data, other, size) => {
        const text = `{"a": ${other} ,"data":${data},"b":${other}}`;
        const [, member] = membersOf(Buffer.from(text));
        expect(scan(text, size)).toMatchObject({ inside: data, depth: member?.depth });
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const letters = fc.constantFrom(...'{}[]",:\\u0129-+.eE tfnrulase\n\t\u0001é');
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (some, size) => {
        const text = some.join('');
        expect([text, isScanned(text, size)]).toEqual([text, isJson(text)]);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    '',
    ' ',
    '{',
    '{"a":1',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '01',
    '1.',
    '-',
    '1e',
    'tru',
    'nul1',
    '1 2',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '[1}',
    '}',
    '{"a" 1}',
  ])('refuses %j', (text) => {
    expect(isJson(text)).toBe(false);
    expect(() => scan(text)).toThrow(/at byte \d+$/);
  });

  it('refuses what is not UTF-8, also across chunks', () => {
    const bad = Buffer.concat([Buffer.from('{"data":"'), Buffer.from([0xe9]), Buffer.from('"}')]);
    for (let size = 1; size <= bad.length; size += 1) expect(() => scan(bad, size)).toThrow('not UTF-8');
    expect(() => scan(Buffer.from([0x22, 0xf0, 0x9f]))).toThrow('not UTF-8');
  });

  it('refuses data that are too deep, and no others', () => {
    const nested = (depth: number) => `{"data":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(scan(nested(5), 3, 5).depth).toBe(5);
    expect(() => scan(nested(6), 3, 5)).toThrow('more than 5 deep');
  });

  it('reads 8 MB in pieces', () => {
    const data = JSON.stringify(randomBytes(6_000_000).toString('base64'));
    expect(scan(`{"data":${data}}`, 65_536).inside).toBe(data);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsOf, membersOf, type Slice } from './json-slices.ts';

const cut = (json: Buffer, { start, end }: Slice): string => json.toString('utf8', start, end);

const memberText = (text: string, wanted: string): string | undefined => {
  const json = Buffer.from(text);
  const member = membersOf(json).find(({ name }) => name === wanted);
  return member && cut(json, member);
};

describe('membersOf', () => {
  it.each([
    ['a number no double can hold', '{"data":9007199254740993,"type":"a"}', '9007199254740993'],
    ['the way a number is written', '{"data": 1.0 }', '1.0'],
    ['an exponent', '{"data":[1e2,-0,1E+2]}', '[1e2,-0,1E+2]'],
    ['white space inside, none around', '{ "data" :\r\n\t{ "a" : [ ] }\n}', '{ "a" : [ ] }'],
    ['a name in escapes', '{"\\u0064a\\u0074a":true}', 'true'],
    ['a string with quotes, brackets and backslashes', '{"data":"a\\"}]\\\\","b":1}', '"a\\"}]\\\\"'],
    ['a string that ends in a backslash', '{"b":"\\\\","data":null}', 'null'],
    ['line separators and many-byte characters', '{"data":"\u2028é😀","x":0}', '"\u2028é😀"'],
    ['a lone surrogate in escapes', '{"data":"\\ud800"}', '"\\ud800"'],
    ['an empty string', '{"data":""}', '""'],
    ['a member of the same name inside another', '{"a":{"data":1},"data":2}', '2'],
  ])('keeps %s', (_what, text, expected) => {
    expect(memberText(text, 'data')).toBe(expected);
  });

  it('lists members in order, a repeated name each time', () => {
    const members = membersOf(Buffer.from('{"a":1,"b":2,"a":[3]}'));
    expect(members.map(({ name, depth }) => [name, depth])).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 1],
    ]);
    expect(membersOf(Buffer.from(' { } '))).toEqual([]);
  });

  it('counts nesting without recursion', () => {
    const text = `{"data":${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}}`;
    expect(membersOf(Buffer.from(text))[0]?.depth).toBe(100_000);
  });

  it('throws on text that no parser accepts', () => {
    for (const text of ['', '[]', '{', '{"a"', '{"a":', '{"a":1', '{"a":"x', '{"a":[1', '{"a":,}', '{a:1}']) {
      expect(() => membersOf(Buffer.from(text)), text).toThrow(/no JSON value/);
    }
  });
});

describe('elementsOf', () => {
  it('returns the start and the end of each element', () => {
    const json = Buffer.from('{"events": [ {"a":[1]} ,2,"x,y" , [ ] ]}');
    const [events] = membersOf(json);
    expect(elementsOf(json, events?.start).map((slice) => cut(json, slice))).toEqual([
      '{"a":[1]}',
      '2',
      '"x,y"',
      '[ ]',
    ]);
    expect(elementsOf(Buffer.from('[ ]'))).toEqual([]);
    expect(() => elementsOf(Buffer.from('{}'))).toThrow(/no JSON value/);
    expect(() => elementsOf(Buffer.from('[1'))).toThrow(/no JSON value/);
  });
});

/** Writes valid JSON in an unusual form: white space anywhere, any character of a string as an escape. */
const writeOddly = (value: unknown, pick: () => number): string => {
  const blank = (): string => ['', '', ' ', '\n', '\t\r '][pick() % 5] ?? '';
  const text = (plain: string): string => {
    const units = [...plain].map((character) => {
      const escapes = [...Array(character.length).keys()].map(
        (i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
      );
      return pick() % 4 === 0 ? escapes.join('') : JSON.stringify(character).slice(1, -1);
    });
    return `"${units.join('')}"`;
  };
  const write = (part: unknown): string => {
    if (typeof part === 'string') return text(part);
    if (Array.isArray(part)) return `[${blank()}${part.map(write).join(`${blank()},${blank()}`)}${blank()}]`;
    if (typeof part === 'object' && part !== null) {
      const members = Object.entries(part).map(
        ([name, inner]) => `${text(name)}${blank()}:${blank()}${write(inner)}`,
      );
      return `{${blank()}${members.join(`${blank()},${blank()}`)}${blank()}}`;
    }
    return JSON.stringify(part);
  };
  return `${blank()}${write(value)}${blank()}`;
};

const picks = fc.infiniteStream(fc.nat(1_000)).map((stream) => (): number => stream.next().value);
const unit = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', 'data'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
});
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    unit,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(unit, tie('value'), { maxKeys: 5 }),
  ),
})).value;

describe('any document in any form:', () => {
  it('each member slice parses to its value by JSON.parse', () => {
    fc.assert(
      fc.property(fc.dictionary(unit, anyJson, { maxKeys: 5 }), anyJson, picks, (others, data, pick) => {
        const json = Buffer.from(writeOddly({ ...others, data }, pick));
        const parsed = JSON.parse(json.toString('utf8')) as Record<string, unknown>;
        const members = membersOf(json);
        expect(members.map(({ name }) => name).sort()).toEqual(Object.keys(parsed).sort());
        for (const member of members) {
          expect(JSON.parse(cut(json, member))).toStrictEqual(parsed[member.name]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('each element slice of an array parses to its value by JSON.parse', () => {
    fc.assert(
      fc.property(fc.array(anyJson, { maxLength: 6 }), picks, (items, pick) => {
        const json = Buffer.from(writeOddly(items, pick));
        const slices = elementsOf(json);
        expect(slices.map((slice) => JSON.parse(cut(json, slice)) as unknown)).toStrictEqual(
          JSON.parse(json.toString('utf8')),
        );
      }),
      { numRuns: 200 },
    );
  });
});

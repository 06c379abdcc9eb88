import { describe, expect, it } from 'vitest';
import { lineOfPointer, placeOf, readJsonText } from './json-text.ts';

const faultIn = (text: string) => {
  const read = readJsonText(text);
  if (read.ok) throw new Error('It is JSON.');
  return [read.fault.code, read.fault.at, read.fault.found];
};

describe('a text that is JSON', () => {
  it.each(['{}', ' [1, -2.5e3, "a\\u00e9\\n", null, true] ', '{"a":{"b":[]}}', '0.1', '1.0', '"x"'])(
    'is read as JSON.parse reads it: %s',
    (text) => expect(readJsonText(text)).toMatchObject({ ok: true, value: JSON.parse(text) as unknown }),
  );

  it('is refused where and only where JSON.parse refuses it, cut anywhere', () => {
    const whole = '{"a":[1,-2.5e3,{"b":"c\\n"}],"d":null}';
    for (let end = 0; end <= whole.length; end += 1) {
      expect(readJsonText(whole.slice(0, end)).ok, whole.slice(0, end)).toBe(end === whole.length);
    }
  });

  it('has the place of each part: of a member, that of its name', () => {
    const text = '{\n  "total": {\n    "$gte": 10\n  },\n  "a/b~c": [\n    1\n  ]\n}';
    const read = readJsonText(text);
    if (!read.ok) throw new Error('It is JSON.');
    const lineOf = (pointer: string) => lineOfPointer(text, read.places, pointer);
    expect(['', '/total', '/total/$gte', '/a~1b~0c/0'].map(lineOf)).toEqual([1, 2, 3, 6]);
    expect(lineOf('/total/$gte/not/there')).toBe(3);
    expect(lineOf('/nothing')).toBe(1);
  });
});

describe('a text that is not', () => {
  it.each([
    ['{"a": 1,}', 'trailing', 7, ','],
    ['[1, 2 3]', 'separator', 6, '3'],
    ['{"a" 1}', 'separator', 5, '1'],
    ['{a: 1}', 'name', 1, 'a'],
    ["{'a': 1}", 'name', 1, "'"],
    ['{"a": gold}', 'quote', 6, 'gold'],
    ["['gold']", 'quote', 1, "'"],
    ['{"a": 1', 'end', 7, ''],
    ['"open', 'end', 5, ''],
    ['{"a": 1} x', 'more', 9, 'x'],
    ['[1, // no\n2]', 'comment', 4, '/'],
    ['"a\nb"', 'control', 2, '\n'],
    ['"\\x"', 'escape', 1, '\\'],
    ['[01]', 'number', 1, '01'],
    ['[1.]', 'number', 1, '1.'],
    ['[-]', 'number', 1, '-'],
    ['[}', 'character', 1, '}'],
    ['{"a":1,"a":2}', 'repeated', 7, '"'],
    ['[9007199254740993]', 'inexact', 1, '9007199254740993'],
    ['[1e400]', 'inexact', 1, '1e400'],
    ['', 'end', 0, ''],
  ])('has its first fault at the exact place: %s', (text, ...fault) => expect(faultIn(text)).toEqual(fault));

  it('is refused when it is nested too deeply, without an overflow', () => {
    expect(faultIn('['.repeat(100_000))[0]).toBe('deep');
  });
});

it('counts lines and columns from 1', () => {
  expect(placeOf('{\n  "a": x\n}', 9)).toEqual({ line: 2, column: 8 });
  expect(placeOf('', 0)).toEqual({ line: 1, column: 1 });
});

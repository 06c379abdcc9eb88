import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textFaults } from './text-faults.ts';

const faults = (text: string) => textFaults(Buffer.from(text));
const places = (text: string) => faults(text).map(({ pointer }) => pointer);

test('reports repeated names in every object, each with its pointer', () => {
  expect(places('{"a":1,"b":[{"c":1},{"c":1,"c":2}],"a":2}')).toEqual(['/b/1/c', '/a']);
  expect(places('{"a":1,"\\u0061":2}')).toEqual(['/a']);
  expect(places('{"__proto__":1,"x/y~":{"":1,"":2},"__proto__":2}')).toEqual(['/x~1y~0/', '/__proto__']);
});

test('does not report the same name in two objects', () => {
  expect(places('[{"a":{"a":1}},{"a":["a","a"]}]')).toEqual([]);
});

test('reports numbers that no double holds, with what they would become', () => {
  expect(faults('{"n":[1,9007199254740993]}')).toEqual([
    {
      pointer: '/n/1',
      detail:
        '9007199254740993 would become 9007199254740992: numbers here are kept as IEEE 754 doubles. ' +
        'Send one that a double holds, or a text',
    },
  ]);
  expect(places('[1e400,-1e400,1e-400,0.1,1.0,true,false,null,19.99]')).toEqual(['/0', '/1', '/2']);
  expect(places('9007199254740993')).toEqual(['']);
});

test('reports lone surrogates in texts and in names', () => {
  expect(places('{"a":"\\ud800","b":"\\ud83d\\ude00","c":"\\udc00\\ud800"}')).toEqual(['/a', '/c']);
  expect(faults('{"\\ud800":1}')[0]?.detail).toContain('has a name that holds U+D800');
  expect(faults('["\\\\ud800"]')).toEqual([]);
});

test('reports at most 20, at any depth of nesting', () => {
  expect(faults(`[${Array(100).fill('1e400').join(',')}]`)).toHaveLength(20);
  expect(faults(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toEqual([]);
});

test('reports nothing in the output of JSON.stringify', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => faults(JSON.stringify(value)).length === 0));
  fc.assert(fc.property(fc.jsonValue(), (value) => faults(JSON.stringify(value, null, 2)).length === 0));
});

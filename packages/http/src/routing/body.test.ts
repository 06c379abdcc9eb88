import { AppError } from '@tidings/runtime';
import { expect, test } from 'vitest';
import { jsonBody } from './body.ts';

const anything = ['object', 'array', 'string', 'number', 'boolean', 'null'];
const body = jsonBody<unknown>({
  schema: { type: 'object', properties: { value: { type: anything } }, required: ['value'] },
});

function refusalOf(text: string): AppError {
  try {
    body.read(Buffer.from(text));
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error(`${text} was not refused`);
}

test.each([
  ['a field that is there twice', '{"value":{"a":1,"a":2}}', '/value/a'],
  ['a field that is there twice with escapes', '{"value":1,"v\\u0061lue":2}', '/value'],
  ['an integer that a double rounds', '{"value":{"const":9007199254740993}}', '/value/const'],
  ['a number beyond the range of a double', '{"value":[1,1e400]}', '/value/1'],
  ['half of a surrogate pair in a text', '{"value":"\\ud800"}', '/value'],
  ['half of a surrogate pair in a name', '{"value":{"\\udc00":1}}', '/value/\udc00'],
])('refuses %s with its pointer', (_what, text, pointer) => {
  const { code, details } = refusalOf(text);
  expect(code).toBe('unprocessable');
  expect(details?.map((detail) => detail.pointer)).toEqual([pointer]);
});

test('what a double holds, whole characters and fields of any name are kept as they are', () => {
  const text = '{"value":{"__proto__":[9007199254740992,0.1,1.0],"constructor":"\\ud83d\\ude00"}}';
  const read = body.read(Buffer.from(text)) as { value: object };
  expect(JSON.stringify(read)).toBe('{"value":{"__proto__":[9007199254740992,0.1,1],"constructor":"😀"}}');
  expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
});

test('a body that is nested too deeply is refused for that alone', () => {
  const deep = `{"value":${'['.repeat(40)}1e400${']'.repeat(40)}}`;
  expect(refusalOf(deep).details).toEqual([
    { pointer: '', detail: 'The body has objects and arrays more than 32 levels deep.' },
  ]);
});

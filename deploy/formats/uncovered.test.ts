import { expect, it } from 'vitest';
import { uncovered } from './uncovered.ts';

const schema = {
  type: 'object',
  properties: {
    kind: { enum: ['a', 'b'] },
    note: { type: ['string', 'null'] },
    way: {
      oneOf: [
        { type: 'null' },
        { type: 'object', properties: { list: { type: 'array', items: { type: 'boolean' } } } },
      ],
    },
    more: { type: 'object', additionalProperties: { enum: [1, 2] } },
  },
  required: ['kind', 'note', 'more'],
  additionalProperties: false,
};

it('finds what no example has: fields, alternatives, values, null and absence', () => {
  expect(uncovered(schema, [], 'x')).toEqual(['x has no example']);
  expect(uncovered(schema, [{ kind: 'a', note: null, way: { list: [true] }, more: {} }], 'x')).toEqual([
    "x always has 'way', which is optional",
    'x/kind is never "b"',
    'x/note is always null',
    'x/way as 1 has no example',
    "x/way as 2 always has 'list', which is optional",
    'x/way as 2/list/0 is never false',
    'x/more/* has no example',
  ]);
});

it('finds nothing in examples that have everything', () => {
  const examples = [
    { kind: 'a', note: null, way: { list: [true, false] }, more: { p: 1, q: 2 } },
    { kind: 'b', note: 'n', way: null, more: {} },
    { kind: 'b', note: 'n', way: {}, more: {} },
    { kind: 'b', note: 'n', more: {} },
  ];
  expect(uncovered(schema, examples, 'x')).toEqual([]);
});

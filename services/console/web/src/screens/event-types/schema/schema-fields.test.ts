import { expect, it } from 'vitest';
import { compareFields, fieldsOf } from './schema-fields.ts';

const order = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', description: 'Id of the order' },
    total: { type: 'number', minimum: 0 },
    tier: { enum: ['gold', null] },
    items: { type: 'array', items: { $ref: '#/$defs/item' } },
  },
  $defs: { item: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } } },
};
const rows = (schema: object) =>
  fieldsOf(schema as Readonly<Record<string, unknown>>).map(({ path, type, isRequired, rules }) =>
    [path, type, isRequired ? 'required' : '', ...rules].join('; '),
  );

it('lists the fields inside objects, lists and references', () => {
  expect(rows(order)).toEqual([
    '; object; ',
    'id; string; required',
    'total; number; ; minimum 0',
    'tier; "gold" | null; ',
    'items; array; ',
    'items[]; object; ',
    'items[].sku; string; required',
  ]);
});

it('lists the fields of parts that are joined, and alternatives by their types', () => {
  const schema = {
    allOf: [
      { properties: { a: { oneOf: [{ type: 'string' }, { type: 'integer' }] } } },
      { properties: { b: {} } },
    ],
  };
  expect(rows(schema)).toEqual(['; object; ', 'a; string | integer; ', 'b; anything; ']);
});

it('lists a schema that refers to itself, or to nothing, and ends', () => {
  const tree = { type: 'object', properties: { child: { $ref: '#' }, gone: { $ref: '#/$defs/gone' } } };
  expect(rows(tree).length).toBeLessThan(10);
  expect(rows(tree)).toContain('gone; anything; ');
});

it('tells added, removed and changed fields apart', () => {
  const newer = {
    ...order,
    required: ['id', 'total'],
    properties: { id: order.properties.id, total: order.properties.total, note: { type: 'string' } },
  };
  expect(compareFields(order, newer).map(({ path, kind }) => `${kind} ${path}`)).toEqual([
    'changed total',
    'added note',
    'removed tier',
    'removed items',
    'removed items[]',
    'removed items[].sku',
  ]);
  expect(compareFields(order, order)).toEqual([]);
});

import { expect, it } from 'vitest';
import { plainSchema } from './plain-schema.ts';

const plain = (schema: unknown): unknown =>
  typeof schema === 'object' && schema !== null
    ? plainSchema(schema as Record<string, unknown>, plain)
    : schema;

it.each<[object, object]>([
  [{ type: 'object' }, { type: 'object', additionalProperties: true }],
  [{ type: ['object', 'null'] }, { type: ['object', 'null'], additionalProperties: true }],
  [
    { type: 'object', additionalProperties: false },
    { type: 'object', additionalProperties: false },
  ],
  [
    { type: 'object', properties: { type: { type: 'object' } } },
    { type: 'object', properties: { type: { type: 'object', additionalProperties: true } } },
  ],
  [{ enum: ['a', 'b'] }, { type: 'string', enum: ['a', 'b'] }],
  [{ enum: ['a', null] }, { type: ['string', 'null'], enum: ['a', null] }],
  [{ const: true }, { type: 'boolean', const: true }],
  [{ const: 2 }, { type: 'integer', const: 2 }],
  [
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    { if: { type: 'array' }, then: { type: 'array' }, else: { enum: ['all'] }, description: 'x' },
    { description: 'x', anyOf: [{ type: 'array' }, { type: 'string', enum: ['all'] }] },
  ],
  // Values are no schemas, even if they look like one.
  [
    { default: { type: 'object' }, examples: [{ enum: [1] }], 'x-more': { const: 1 } },
    { default: { type: 'object' }, examples: [{ enum: [1] }], 'x-more': { const: 1 } },
  ],
  [
    { type: 'array', items: { anyOf: [{ not: { const: false } }] } },
    { type: 'array', items: { anyOf: [{ not: { type: 'boolean', const: false } }] } },
  ],
])('describes %j as %j', (schema, described) => {
  expect(plain(schema)).toEqual(described);
});

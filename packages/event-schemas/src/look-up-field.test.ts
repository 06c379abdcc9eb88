import { describe, expect, it } from 'vitest';
import { canEqual, canHaveType, lookUpField } from './look-up-field.ts';

const order = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    total: { type: 'integer' },
    status: { enum: ['open', 'paid'] },
    customer: { $ref: '#/$defs/person' },
    items: {
      type: 'array',
      items: { properties: { sku: { type: 'string' }, size: { type: ['number', 'null'] } } },
    },
    tags: { type: 'array', items: { enum: ['a', 'b'] } },
    free: { type: 'object' },
    map: { type: 'object', additionalProperties: { type: 'number' } },
    open: { type: 'object', properties: { a: {} }, additionalProperties: true },
    either: { oneOf: [{ properties: { left: { type: 'string' } } }, { properties: { right: {} } }] },
  },
  patternProperties: { '^x_': { type: 'boolean' } },
  $defs: {
    person: {
      properties: {
        name: { type: 'string' },
        boss: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/person' }] },
      },
      if: { properties: { vip: { const: true } } },
    },
  },
};
const kindOf = (path: string, schema: unknown = order): string => lookUpField(schema, path).kind;

describe('lookUpField', () => {
  it.each([
    'id',
    'customer.name',
    'customer.boss.boss.name',
    'customer.vip',
    'items.sku',
    'items.0',
    'items.1.sku',
    'x_a',
    'map.any',
    'either.left',
    'either.right',
    'tags.0',
  ])('finds %s', (path) => expect(kindOf(path)).toBe('known'));

  it.each([
    'data',
    'data.total',
    'totl',
    'id.x',
    'customer.names',
    'customer.boss.x',
    'items.price',
    'items.0.price',
    'either.middle',
    'constructor',
    '__proto__',
  ])('reports that there is no %s', (path) => expect(kindOf(path)).toBe('absent'));

  it.each(['free.x', 'open.x', 'free.x.y', 'free.0'])('cannot decide on %s', (path) =>
    expect(kindOf(path)).toBe('unknown'),
  );

  it.each<[string, unknown]>([
    ['an empty schema', {}],
    ['one that only says object', { type: 'object' }],
    ['one that says nothing of fields', { description: 'x', required: ['b'] }],
    ['one that takes all', { additionalProperties: true, properties: { b: {} } }],
  ])('cannot decide on a field under %s', (_name, schema) => expect(kindOf('a', schema)).toBe('unknown'));

  it('lists the fields that exist', () => {
    expect(lookUpField(order, 'customer.nam')).toEqual({
      kind: 'absent',
      missing: 'nam',
      known: ['name', 'boss', 'vip'],
    });
    expect(lookUpField(order, 'id.x')).toEqual({ kind: 'absent', missing: 'x', known: [] });
  });
});

describe('the possible values of a field', () => {
  const field = (path: string) => lookUpField(order, path);

  it.each<[string, unknown, boolean]>([
    ['id', 'x', true],
    ['id', 7, false],
    ['id', null, false],
    ['total', 7, true],
    ['total', 7.5, false],
    ['total', '7', false],
    ['map.a', 7, true],
    ['status', 'paid', true],
    ['status', 'payed', false],
    ['tags', 'a', true],
    ['tags', 'c', false],
    ['tags', ['a'], true],
    ['items.size', null, true],
    ['items.size', 'x', false],
    ['customer.boss', null, true],
    ['customer.boss', 'x', true],
    ['customer', { name: 'x' }, true],
    ['free.any', 1, true],
    ['nothing', 1, true],
  ])('%s can equal %j: %s', (path, ...[value, expected]) => {
    expect(canEqual(field(path), value)).toBe(expected);
  });

  it.each<[string, readonly string[], boolean]>([
    ['id', ['string'], true],
    ['id', ['number', 'integer'], false],
    ['total', ['number', 'integer'], true],
    ['tags', ['array'], true],
    ['tags', ['number'], false],
    ['id', ['array'], false],
    ['free.any', ['array'], true],
  ])('%s can be %j: %s', (path, ...[types, expected]) => {
    expect(canHaveType(field(path), types)).toBe(expected);
  });

  it('is decided in bounded time', () => {
    const levels = 60;
    const $defs = Object.fromEntries(
      Array.from({ length: levels }, (_, i) => [
        `l${i}`,
        i === levels - 1
          ? { type: 'string' }
          : { allOf: [{ $ref: `#/$defs/l${i + 1}` }, { $ref: `#/$defs/l${i + 1}` }] },
      ]),
    );
    const doubling = { properties: { a: { $ref: '#/$defs/l0' } }, $defs };
    expect(canEqual(lookUpField(doubling, 'a'), 'x')).toBe(true);
    expect(kindOf('a.b', doubling)).toBe('absent');
  });
});

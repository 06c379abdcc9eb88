import { ExactNumber } from '@tidings/json';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema } from './compile-schema.ts';

const even = 9007199254740992;
const odd = '9007199254740993';
const kindOf = (schema: unknown, json: string): string =>
  compileSchema(schema)(JSON.parse(json), Buffer.from(json)).kind;

describe('a number that no double holds', () => {
  it.each<[string, unknown, string, string]>([
    ['const', { const: even }, odd, 'invalid'],
    ['const in a value', { const: { a: [even] } }, `{"a":[${odd}]}`, 'invalid'],
    ['const beside it', { properties: { n: {}, m: { const: even } } }, `{"n":${odd},"m":${even}}`, 'valid'],
    ['not const', { not: { const: even } }, odd, 'valid'],
    ['enum', { enum: [1, even] }, odd, 'invalid'],
    ['enum of names', { propertyNames: { enum: ['n'] } }, `{"n":${odd}}`, 'valid'],
    ['maximum', { maximum: even }, odd, 'invalid'],
    ['maximum above it', { maximum: even + 2 }, odd, 'valid'],
    ['exclusiveMinimum', { exclusiveMinimum: even }, odd, 'valid'],
    ['minimum', { minimum: even + 2 }, odd, 'invalid'],
    ['exclusiveMaximum', { exclusiveMaximum: even }, `-${odd}`, 'valid'],
    ['multipleOf 3', { multipleOf: 3 }, odd, 'valid'],
    ['multipleOf 2', { multipleOf: 2 }, odd, 'invalid'],
    ['multipleOf of another', { items: { multipleOf: 0.01 } }, `[19.99,${odd}]`, 'valid'],
    ['uniqueItems', { uniqueItems: true }, `[${even},${odd}]`, 'valid'],
    ['uniqueItems, twice', { uniqueItems: true }, `[${odd},${odd}.0]`, 'invalid'],
    ['uniqueItems in values', { uniqueItems: true }, `[{"a":${even}},{"a":${odd}}]`, 'valid'],
    ['type integer', { type: 'integer' }, `${odd}.5`, 'invalid'],
    ['type integer or text', { type: ['integer', 'string'] }, '1.00000000000000000001', 'invalid'],
    ['type number', { type: 'number' }, '1.00000000000000000001', 'valid'],
    ['type integer beyond the range', { type: 'integer' }, '1e400', 'valid'],
    ['type number beyond the range', { type: 'number', maximum: 5 }, '1e400', 'invalid'],
    ['type object', { type: 'object' }, odd, 'invalid'],
    ['int64', { format: 'int64' }, '9223372036854775807', 'valid'],
    ['int64, one more', { format: 'int64' }, '9223372036854775809', 'invalid'],
    ['int32', { format: 'int32' }, '1.00000000000000000001', 'invalid'],
    ['contains', { contains: { const: even } }, `[${odd}]`, 'invalid'],
    ['behind a reference', { $ref: '#/$defs/n', $defs: { n: { const: even } } }, odd, 'invalid'],
    [
      'behind a reference in a field',
      { properties: { n: { $ref: '#/$defs/n' } }, $defs: { n: { maximum: even } } },
      `{"n":${odd}}`,
      'invalid',
    ],
    ['prefixItems', { prefixItems: [true, { maximum: even }] }, `[1,${odd}]`, 'invalid'],
    ['anyOf', { anyOf: [{ maximum: even }, { const: 1 }] }, odd, 'invalid'],
    ['the field __proto__', { additionalProperties: { maximum: even } }, `{"__proto__":${odd}}`, 'invalid'],
  ])('is checked by all its digits: %s', (...[, schema, json, kind]) => {
    expect(kindOf(schema, json)).toBe(kind);
  });

  it('is reported as it was written', () => {
    const json = `{"n":${odd}}`;
    const result = compileSchema({ properties: { n: { maximum: even } } })(
      JSON.parse(json),
      Buffer.from(json),
    );
    if (result.kind !== 'invalid') throw new Error('expected a fault');
    expect(result.errors).toMatchObject([
      { instancePath: '/n', keyword: 'maximum', message: `must be <= ${even}` },
    ]);
    const { n } = result.data as { n: unknown };
    expect(n instanceof ExactNumber && String(n)).toBe(odd);
  });

  it('of any length is checked within the steps of a check', () => {
    const json = `1${'7'.repeat(200_000)}`;
    const schema = {
      allOf: Array.from({ length: 100 }, (_, i) => ({ multipleOf: i + 2, $comment: `${i}` })),
    };
    expect(['invalid', 'too-costly']).toContain(kindOf(schema, json));
    expect(kindOf({ anyOf: schema.allOf }, json)).toBe('too-costly');
  });

  it('does not affect the next value', () => {
    const check = compileSchema({ maximum: even });
    const kinds = [odd, String(even), odd].map((json) => check(JSON.parse(json), Buffer.from(json)).kind);
    expect(kinds).toEqual(['invalid', 'valid', 'invalid']);
  });
});

it('data without such a number have the same result in both modes', () => {
  const schema = fc.record(
    {
      type: fc.constantFrom('integer', 'number', 'object', 'array', ['integer', 'null']),
      enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }),
      const: fc.jsonValue({ maxDepth: 1 }),
      minimum: fc.integer({ min: -5, max: 5 }),
      exclusiveMaximum: fc.integer({ min: -5, max: 5 }),
      multipleOf: fc.constantFrom(0.01, 0.5, 1, 3),
      uniqueItems: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const value = fc.oneof(fc.integer({ min: -6, max: 6 }), fc.double({ noNaN: true }), fc.jsonValue());
  fc.assert(
    fc.property(schema, value, (one, data) => {
      // The other element causes the exact check of the whole array.
      const item = JSON.stringify(data);
      const check = compileSchema({ prefixItems: [one] });
      const [plain, exact] = [`[${item},1]`, `[${item},${odd}]`];
      expect(check(JSON.parse(exact), Buffer.from(exact)).kind).toBe(
        check(JSON.parse(plain), Buffer.from(plain)).kind,
      );
    }),
    { numRuns: 60 },
  );
});

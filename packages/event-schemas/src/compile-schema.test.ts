import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema, SchemaError } from './compile-schema.ts';

const kindOf = (schema: unknown, data: unknown): string => compileSchema(schema)(data).kind;
const pointersOf = (schema: unknown, data: unknown): string[] => {
  const result = compileSchema(schema)(data);
  return result.kind === 'invalid' ? result.errors.map(({ instancePath }) => instancePath) : [];
};

describe('compileSchema', () => {
  it.each<[string, unknown, unknown, string]>([
    ['types', { type: 'object', required: ['id'] }, { id: 1 }, 'valid'],
    ['what is missing', { required: ['id'] }, {}, 'invalid'],
    ['what is only inherited', { required: ['toString'] }, {}, 'invalid'],
    ['a pattern', { pattern: '^a+$' }, 'aab', 'invalid'],
    ['a pattern past U+FFFF', { pattern: '^\\u{1f600}.$' }, '😀😀', 'valid'],
    ['patterns apart', { allOf: [{ pattern: 'a' }, { pattern: 'b' }] }, 'a', 'invalid'],
    ['names by pattern', { patternProperties: { '^n_': { type: 'number' } } }, { n_a: 'x' }, 'invalid'],
    ['a format', { format: 'date-time' }, '2026-11-22', 'invalid'],
    ['a format of numbers', { format: 'int32' }, 2 ** 40, 'invalid'],
    [
      'a text too long for its format',
      { format: 'uri' },
      `https://example.com/${'a'.repeat(2_048)}`,
      'invalid',
    ],
    ['cents', { multipleOf: 0.01 }, 19.99, 'valid'],
    ['half a cent', { multipleOf: 0.01 }, 19.995, 'invalid'],
    [
      'a set',
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      'invalid',
    ],
    ['a set of texts and numbers', { uniqueItems: true }, [1, '1', null, 'null', [1]], 'valid'],
    ['no set', { uniqueItems: false }, [1, 1], 'valid'],
    [
      'recursion',
      { properties: { next: { $ref: '#' } }, additionalProperties: false },
      { next: { n: 1 } },
      'invalid',
    ],
    ['an anchor', { $ref: '#a', $defs: { x: { $anchor: 'a', type: 'string' } } }, 1, 'invalid'],
    [
      '$id at the top',
      { $id: 'https://example.com/a', $ref: '#/$defs/x', $defs: { x: { const: 1 } } },
      2,
      'invalid',
    ],
    ['annotations', { default: 1, examples: [1], contentSchema: { type: 'string' }, 'x-a': 1 }, {}, 'valid'],
  ])('checks %s', (...[, schema, data, kind]) => {
    expect(kindOf(schema, data)).toBe(kind);
  });

  it('reports every fault', () => {
    const schema = {
      properties: { a: { type: 'string' }, items: { items: { type: 'object', required: ['sku'] } } },
    };
    expect(pointersOf(schema, { a: 1, items: [{ sku: 1 }, {}, 3] })).toEqual(['/a', '/items/1', '/items/2']);
  });

  it('can be used for several values in turn', () => {
    const check = compileSchema({ type: 'array', items: { type: 'integer' } });
    const long = Array(400_000).fill(1);
    expect([check(long).kind, check(['a']).kind, check(long).kind, check([]).kind]).toEqual([
      'valid',
      'invalid',
      'valid',
      'valid',
    ]);
  });

  it('refuses the schemas that checkSchema refuses', () => {
    expect(() => compileSchema({ pattern: '(?=a)' })).toThrow(SchemaError);
  });

  it.each([true, {}])(
    'checks data by a schema that allows nothing in one alternative (not: %j)',
    (anything) => {
      const either = { anyOf: [{ properties: { a: {} } }], not: anything };
      expect(kindOf({ anyOf: [either, { required: ['b'] }] }, { b: 1 })).toBe('valid');
      expect(kindOf({ anyOf: [either, { required: ['b'] }] }, { a: 1 })).toBe('invalid');
    },
  );

  it('agrees with ajv on schemas and data of any kind', () => {
    const leaf = fc.oneof(
      fc.constantFrom<object>(
        { type: 'string' },
        { type: ['integer', 'null'] },
        { const: 1 },
        { minimum: 2 },
      ),
      fc.constantFrom<object>(
        { minLength: 2 },
        { pattern: '^a' },
        { enum: ['a', 1, null] },
        { maxItems: 1 },
        {},
      ),
    );
    const { schema } = fc.letrec<{ schema: object }>((tie) => ({
      schema: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.record({ properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')) }),
        fc.record({ items: tie('schema'), uniqueItems: fc.boolean() }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }), not: tie('schema') }),
        fc.record({
          required: fc.uniqueArray(fc.constantFrom('a', 'b')),
          unevaluatedProperties: tie('schema'),
        }),
      ),
    }));
    const data = fc.jsonValue({ maxDepth: 3 });
    const known = fc.oneof(data, fc.dictionary(fc.constantFrom('a', 'b', 'c'), data), fc.array(data));
    const ajv = new Ajv2020({ strict: false, ownProperties: true, code: { optimize: false } });
    fc.assert(
      fc.property(schema, known, (given, value) => {
        const theirs = ajv.compile(given)(value);
        expect(kindOf(given, value)).toBe(theirs ? 'valid' : 'invalid');
      }),
      { numRuns: 200 },
    );
  });
});

const doubling = (levels: number, last: object): object => ({
  $ref: '#/$defs/l0',
  $defs: {
    ...Object.fromEntries(
      Array.from({ length: levels }, (_, i) => [
        `l${i}`,
        { anyOf: [{ $ref: `#/$defs/l${i + 1}` }, { $ref: `#/$defs/l${i + 1}` }] },
      ]),
    ),
    [`l${levels}`]: last,
  },
});
const nestedData = (levels: number): unknown => (levels === 0 ? {} : { n: nestedData(levels - 1) });

// Each of these would take from seconds to centuries: a broken limit shows as a test that does not end.
describe('a check of endless work ends:', () => {
  it.each<[string, unknown, unknown]>([
    ['references that double', doubling(60, { const: 1 }), 2],
    [
      'references that double over a large array',
      doubling(14, { items: { type: 'string' } }),
      Array(80_000).fill(1),
    ],
    ['a schema that is itself', { $ref: '#' }, 1],
    ['a schema that is itself or itself', { anyOf: [{ $ref: '#' }, { $ref: '#' }] }, 1],
    [
      'a tree looked at twice at each level',
      { properties: { n: { allOf: [{ $ref: '#' }, { $ref: '#' }] } } },
      nestedData(120),
    ],
    ['many looks at a long text', { anyOf: Array(900).fill({ minLength: 1e6 }) }, 'x'.repeat(250_000)],
    [
      'many looks at many items',
      { items: { anyOf: [...Array<object>(900).fill({ type: 'string' }), { type: 'number' }] } },
      Array(80_000).fill(1),
    ],
    ['a pattern over a long text', { pattern: '[ab]*a[ab]{400}[cd]' }, 'ab'.repeat(125_000)],
    [
      'many names under many patterns',
      { patternProperties: Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`^${i}x`, true])) },
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`n${i}`, 1])),
    ],
  ])('%s', (_name, schema, data) => {
    expect(kindOf(schema, data)).toBe('too-costly');
  });

  it('a set of many objects is still checked', () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({ i }));
    expect(kindOf({ uniqueItems: true }, items)).toBe('valid');
    expect(kindOf({ uniqueItems: true }, [...items, { i: 7 }])).toBe('invalid');
  });

  it('the search for all faults ends with the first one', () => {
    expect(pointersOf({ items: { type: 'string' } }, Array(80_000).fill(1))).toEqual(['/0']);
  });
});

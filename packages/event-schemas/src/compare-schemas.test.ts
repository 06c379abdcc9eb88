import { describe, expect, it } from 'vitest';
import { breakingChanges } from './compare-schemas.ts';

const object = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required,
});
const string = { type: 'string' };

type Pair = readonly [before: unknown, after: unknown];

describe('readers of the old schema are safe when', () => {
  it.each<[string, Pair]>([
    ['nothing changes', [object({ a: string }, ['a']), object({ a: string }, ['a'])]],
    [
      'only words change',
      [
        { title: 'a', type: 'object' },
        { type: 'object', description: 'b' },
      ],
    ],
    ['a field is added', [object({}), object({ a: string })]],
    ['a required field is added', [object({}), object({ a: string }, ['a'])]],
    [
      'a field is added where no others were allowed',
      [{ ...object({}), additionalProperties: false }, object({ a: string })],
    ],
    ['an optional field was removed', [object({ a: string }), object({})]],
    ['a field that could be missing is always there', [object({ a: string }), object({ a: string }, ['a'])]],
    ['a type is narrowed', [{ type: ['string', 'null'] }, string]],
    ['a number becomes an integer', [{ type: 'number' }, { type: 'integer' }]],
    ['anything becomes something', [{}, string]],
    ['a value is taken from an enum', [{ enum: ['a', 'b'] }, { enum: ['a'] }]],
    ['an enum becomes a const', [{ enum: ['a', 'b'] }, { const: 'b' }]],
    ['a type becomes an enum', [string, { enum: ['a'] }]],
    [
      'bounds are narrowed',
      [
        { maximum: 9, minLength: 1 },
        { maximum: 8, minLength: 2, maxLength: 3 },
      ],
    ],
    ['a multiple becomes a larger one', [{ multipleOf: 0.01 }, { multipleOf: 0.1 }]],
    ['a pattern comes', [string, { type: 'string', pattern: '^a' }]],
    ['an alternative was removed', [{ anyOf: [string, { type: 'null' }] }, { anyOf: [string] }]],
    ['alternatives become one of them', [{ oneOf: [string, { type: 'null' }] }, string]],
    ['a condition is added', [{ allOf: [string] }, { allOf: [{ minLength: 1 }, string] }]],
    ['a condition is written out', [{ allOf: [{ minLength: 2 }] }, { minLength: 3 }]],
    [
      'definitions are put elsewhere',
      [object({ a: string }), { ...object({ a: { $ref: '#/$defs/t' } }), $defs: { t: string } }],
    ],
    [
      'a tree stays one',
      [
        { ...object({ kids: { type: 'array', items: { $ref: '#' } } }) },
        { ...object({ kids: { type: 'array', items: { $ref: '#' } }, name: string }) },
      ],
    ],
  ])('%s', (_name, [before, after]) => {
    expect(breakingChanges(before, after)).toEqual([]);
  });
});

describe('readers of the old schema break when', () => {
  it.each<[string, Pair, string]>([
    ['a required field was removed', [object({ a: string }, ['a']), object({})], '/properties'],
    [
      'a field that was always there can be missing',
      [object({ a: string }, ['a']), object({ a: string })],
      '/properties/a',
    ],
    ['a type was changed', [object({ a: string }), object({ a: { type: 'integer' } })], '/properties/a/type'],
    ['a type is widened', [string, { type: ['string', 'null'] }], '/type'],
    ['an integer becomes a number', [{ type: 'integer' }, { type: 'number' }], '/type'],
    ['a type was removed', [object({ 'a/b': string }), object({ 'a/b': {} })], '/properties/a~1b/type'],
    ['an enum grows', [{ enum: ['a'] }, { enum: ['a', 'b'] }], '/enum'],
    ['an enum was removed', [{ enum: ['a'] }, string], '/enum'],
    ['a const was changed', [{ const: { a: 1 } }, { const: { a: 2 } }], '/const'],
    ['a bound is wider', [{ maxLength: 10 }, { maxLength: 11 }], '/maxLength'],
    ['a bound was removed', [{ minimum: 0 }, {}], '/minimum'],
    ['a multiple is smaller', [{ multipleOf: 0.1 }, { multipleOf: 0.01 }], '/multipleOf'],
    ['a set becomes a list', [{ uniqueItems: true }, {}], '/uniqueItems'],
    ['a pattern was changed', [{ pattern: '^a' }, { pattern: '^b' }], '/pattern'],
    ['a format was removed', [{ type: 'string', format: 'date' }, string], '/format'],
    ['items are others', [{ items: string }, { items: { type: 'number' } }], '/items/type'],
    [
      'the first item was changed',
      [{ prefixItems: [string] }, { prefixItems: [{ type: 'null' }] }],
      '/prefixItems/0/type',
    ],
    ['values of a map are others', [{ additionalProperties: string }, {}], '/additionalProperties/type'],
    ['an alternative is added', [{ anyOf: [string] }, { anyOf: [string, { type: 'null' }] }], '/anyOf/1'],
    ['alternatives were removed', [{ anyOf: [string] }, {}], '/anyOf/0'],
    ['a condition was removed', [{ allOf: [{ minLength: 2 }] }, {}], '/allOf'],
    ['what was never allowed is', [object({ a: false }), object({ a: string })], '/properties/a'],
    [
      'a definition changes',
      [
        { $ref: '#/$defs/t', $defs: { t: { enum: [1] } } },
        { $ref: '#/$defs/t', $defs: { t: { enum: [1, 2] } } },
      ],
      '/enum',
    ],
    [
      'a definition changes deep in a tree',
      [
        { ...object({ next: { $ref: '#' }, a: string }) },
        { ...object({ next: { $ref: '#' }, a: { type: 'number' } }) },
      ],
      '/properties/a/type',
    ],
    ['an exception was changed', [{ not: string }, { not: { type: 'null' } }], '/not'],
  ])('%s', (...[, [before, after], pointer]) => {
    const [first] = breakingChanges(before, after);
    expect(first?.pointer).toBe(pointer);
    expect(first?.detail).toMatch(/\w/);
  });

  it('there are several changes, and up to 20 are reported', () => {
    const many = (type: string): object =>
      object(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, { type }])));
    expect(breakingChanges(many('string'), many('number'))).toHaveLength(20);
  });

  it('they are too large to compare', () => {
    const wide = (levels: number, last: object): object => ({
      $ref: '#/$defs/l0',
      $defs: Object.fromEntries(
        Array.from({ length: levels }, (_, i) => [
          `l${i}`,
          i === levels - 1
            ? last
            : {
                anyOf: Array.from({ length: 8 }, (_, k) => ({
                  title: `${k}`,
                  properties: { id: { const: k }, next: { $ref: `#/$defs/l${i + 1}` } },
                })),
              },
        ]),
      ),
    });
    expect(breakingChanges(wide(12, { const: 1 }), wide(12, { const: 2 })).length).toBeGreaterThan(0);
  });
});

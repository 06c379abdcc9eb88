import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSchema } from './check-schema.ts';
import { compileSchema } from './compile-schema.ts';

const reference = fc.constantFrom('#', '#/$defs/a', '#/$defs/b', '#c').map(($ref) => ({ $ref }));
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    { type: 'string' },
    { type: 'null' },
    true,
    false,
    { enum: [1] },
    { type: 'object' },
  ),
  reference,
  reference,
);
const { schema: part } = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.record({
      type: fc.constant('object'),
      properties: fc.record({ x: tie('schema'), y: tie('schema') }),
      required: fc.subarray(['x', 'y']),
    }),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.record({ x: tie('schema') }, { requiredKeys: [] }),
        patternProperties: fc.constantFrom('.*', '^y').chain((name) => fc.record({ [name]: tie('schema') })),
        additionalProperties: tie('schema'),
        unevaluatedProperties: tie('schema'),
        required: fc.subarray(['x', 'y', 'z']),
        minProperties: fc.nat(2),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(1) }),
    fc.record({ type: fc.constantFrom('array', 'string'), contains: tie('schema') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('schema') }),
  ),
}));
const schema = fc.tuple(part, part, part, part).map(([root, a, b, c]) => ({
  ...(typeof root === 'object' ? root : { not: { const: 1 } }),
  $defs: { a, b, c: { $anchor: 'c', items: c } },
}));

const { data } = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>('', null, 1, {}, []),
    fc.record({ x: tie('data'), y: tie('data'), z: tie('data') }, { requiredKeys: [] }),
    fc.array(tie('data'), { maxLength: 2 }),
  ),
}));

describe('a schema that refers to itself', () => {
  // A thousand schemas take 6 s of a core, which other suites use as well.
  it('ends on any data if it is accepted, and is satisfied by no data if it is refused', {
    timeout: 120_000,
  }, () => {
    const counts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(schema, fc.array(data, { minLength: 5, maxLength: 5 }), (given, all) => {
        const check = checkSchema(given);
        const isImpossible = !check.ok && check.errors.every(({ detail }) => detail.includes('no data can'));
        if (!check.ok && !isImpossible) return;
        counts[check.ok ? 'accepted' : 'refused'] += 1;
        const kindOf = compileSchema(given);
        const kinds = all.map((one) => kindOf(one).kind);
        expect(kinds).not.toContain(check.ok ? 'too-costly' : 'valid');
      }),
      { numRuns: 1_000 },
    );
    // Both results must occur, or the test proves nothing.
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(20);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ required: ['a'], additionalProperties: { $ref: '#' } }, '/additionalProperties/$ref'],
    [{ required: ['a'], patternProperties: { '^a': { $ref: '#' } } }, '/patternProperties/^a/$ref'],
    [{ required: ['a'], unevaluatedProperties: { $ref: '#' } }, '/unevaluatedProperties/$ref'],
    [{ required: ['a'], additionalProperties: false }, '/additionalProperties'],
    [{ minProperties: 1, additionalProperties: { $ref: '#' } }, '/additionalProperties/$ref'],
    [{ minProperties: 1, unevaluatedProperties: { $ref: '#' } }, '/unevaluatedProperties/$ref'],
    [
      { minProperties: 1, patternProperties: { '.*': { $ref: '#' } }, additionalProperties: false },
      '/patternProperties/.*/$ref',
    ],
    [{ minProperties: 2, properties: { a: true }, additionalProperties: false }, '/additionalProperties'],
  ])('is refused when an object requires a property that no data can satisfy: %j', (keywords, pointer) => {
    const check = checkSchema({ type: 'object', ...keywords });
    const pointers = check.ok ? [] : check.errors.map((error) => error.pointer);
    expect(pointers.map((found) => found.replace(/\/\$ref$/, ''))).toEqual([pointer.replace(/\/\$ref$/, '')]);
  });

  it.each<Record<string, unknown>>([
    { required: ['b'], patternProperties: { '^a': { $ref: '#' } } },
    { required: ['a'], properties: { a: true }, additionalProperties: { $ref: '#' } },
    { minProperties: 1, properties: { a: true }, additionalProperties: { $ref: '#' } },
    { minProperties: 1, unevaluatedProperties: { $ref: '#' }, anyOf: [{ properties: { a: true } }] },
    { additionalProperties: { $ref: '#' } },
  ])('is accepted when some data satisfy it: %j', (keywords) => {
    expect(checkSchema({ type: 'object', ...keywords }).ok).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { checkSchema } from './check-schema.ts';

const faultsOf = (schema: unknown): readonly { pointer: string; detail: string }[] => {
  const check = checkSchema(schema);
  return check.ok ? [] : check.errors;
};

const nested = (levels: number): unknown =>
  levels === 0 ? {} : { properties: { inner: nested(levels - 1) } };

describe('checkSchema accepts', () => {
  it.each<[string, unknown]>([
    ['an empty schema', {}],
    [
      'what a schema of 2020-12 can say',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://example.com/order',
        title: 'Order',
        type: 'object',
        properties: {
          id: { type: 'string', pattern: '^ord_[0-9]+$' },
          next: { $ref: '#' },
          kin: { $ref: '#kin' },
        },
        patternProperties: { '^x_': true },
        dependentRequired: { id: ['next'] },
        $defs: { kin: { $anchor: 'kin', type: ['string', 'null'], format: 'date-time' } },
        'x-owner': 'orders',
        examples: [{ id: 'ord_1' }],
        unevaluatedProperties: false,
      },
    ],
    ['a property that is called like a keyword', { properties: { pattern: { type: 'string' }, $ref: true } }],
    [
      'a tree, a list and a map of itself',
      {
        type: 'object',
        required: ['children'],
        properties: {
          children: { type: 'array', items: { $ref: '#' } },
          next: { anyOf: [{ type: 'null' }, { $ref: '#' }] },
          others: { type: 'object', additionalProperties: { $ref: '#' } },
        },
      },
    ],
    [
      'references that end',
      { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#b' }] }, b: { $anchor: 'b' } } },
    ],
    [
      'a circle through the data',
      { $ref: '#/$defs/a', $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { $ref: '#/$defs/a' } } },
    ],
    [
      'a field that is needed inside itself, with an end',
      {
        type: 'object',
        required: ['a'],
        properties: { a: { oneOf: [{ $ref: '#' }, { type: 'null' }] } },
      },
    ],
    [
      'a name with a blank',
      { $ref: '#/$defs/a%20b', $defs: { 'a b': { $ref: '#/$defs/c~1d' }, 'c/d': true } },
    ],
    ['anything as a const', { const: { $ref: 'https://example.com', format: 7 } }],
  ])('%s', (_name, schema) => {
    expect(faultsOf(schema)).toEqual([]);
  });
});

type Where = readonly [pointer: string, detail: RegExp];

describe('checkSchema refuses', () => {
  it.each<[string, unknown, Where]>([
    ['what is no object', true, ['', /must be an object/]],
    ['an unknown keyword', { properties: { a: { requierd: [] } } }, ['/properties/a/requierd', /no keyword/]],
    ['keywords that only ajv has', { $async: true }, ['/$async', /no keyword/]],
    ['its own weight', { 'tidings-weight': -1e9 }, ['/tidings-weight', /no keyword/]],
    ['a wrong value', { properties: { a: { minLength: '3' } } }, ['/properties/a/minLength', /integer/]],
    ['a wrong type', { type: 'text' }, ['/type', /.+/]],
    ['another dialect', { $schema: 'http://json-schema.org/draft-07/schema#' }, ['/$schema', /2020-12/]],
    ['an inner $id', { items: { $id: 'a' } }, ['/items/$id', /top/]],
    ['a reference out', { items: { $ref: 'https://example.com/a' } }, ['/items/$ref', /leads out/]],
    ['a file', { $ref: 'file.json#/a' }, ['/$ref', /leads out/]],
    ['a reference to nothing', { $ref: '#/$defs/a', $defs: {} }, ['/$ref', /leads to no schema/]],
    ['a reference to no schema', { $ref: '#/required', required: ['a'] }, ['/$ref', /leads to no schema/]],
    ['an anchor that is not there', { $ref: '#a' }, ['/$ref', /leads to no schema/]],
    ['a reference into a value', { $ref: '#/const', const: { type: 'string' } }, ['/$ref', /into a value/]],
    [
      'a reference to an example',
      { $ref: '#/examples/0', examples: [{}] },
      ['/$ref', /into a value or an annotation/],
    ],
    ['a reference to an extension', { $ref: '#/x-a', 'x-a': {} }, ['/$ref', /put the schema into \$defs/]],
    [
      'a reference to fields',
      { $ref: '#/properties', properties: { type: {} } },
      ['/$ref', /leads to no schema/],
    ],
    [
      'an anchor twice',
      { $defs: { a: { $anchor: 'x' }, b: { $anchor: 'x' } } },
      ['/$defs/b/$anchor', /twice/],
    ],
    ['a dynamic reference', { $dynamicRef: '#a', $dynamicAnchor: 'a' }, ['/$dynamicRef', /no keyword/]],
    ['an empty enum', { properties: { a: { enum: [] } } }, ['/properties/a/enum', /at least one value/]],
    ['an unknown format', { format: 'iban' }, ['/format', /'iban' is not checked/]],
    ['a broken pattern', { pattern: '[' }, ['/pattern', /no regular expression/]],
    ['look-ahead', { pattern: '^(?=a)b' }, ['/pattern', /look-ahead/]],
    ['a back-reference', { pattern: '(a)\\1' }, ['/pattern', /bounded time/]],
    ['what only RE2 understands', { pattern: '(?P<a>b)' }, ['/pattern', /no regular expression/]],
    ['half of a character', { pattern: '\\ud83d\\ude00' }, ['/pattern', /\\u\{/]],
    ['a long pattern', { pattern: 'a'.repeat(513) }, ['/pattern', /at most 512 characters, got 513/]],
    ['a pattern that grows', { pattern: '(?:a{0,40}){0,25}' }, ['/pattern', /at most 1000 instructions/]],
    [
      'a pattern of names',
      { patternProperties: { '(a)\\1': true } },
      ['/patternProperties/(a)\\1', /bounded/],
    ],
    ['too many patterns', { anyOf: Array(8).fill({ pattern: 'a{900}' }) }, ['', /5000 instructions/]],
    ['too much depth', nested(20), ['/properties/inner'.repeat(15), /deeper than 30/]],
    ['too many schemas', { anyOf: Array(1_000).fill({}) }, ['', /at most 1000 schemas/]],
    ['too many bytes', { const: 'x'.repeat(65_536) }, ['', /at most 65536 bytes/]],
    ['the prototype', JSON.parse('{"properties":{"__proto__":{}}}'), ['/properties', /__proto__/]],
  ])('%s', (_name, schema, [pointer, detail]) => {
    const [first] = faultsOf(schema);
    expect(first?.pointer).toBe(pointer);
    expect(first?.detail).toMatch(detail);
  });

  it('with all faults at once, up to 20', () => {
    const faults = faultsOf({ a: 1, properties: { b: { c: 1 } }, format: 'd' });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/a', '/format', '/properties/b/c']);
    expect(faultsOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 1])))).toHaveLength(20);
  });
});

describe('checkSchema refuses a schema that refers to itself', () => {
  const never = /without going into the data: no check by it would end/;
  const nothing = /no data can satisfy the schema/;
  const node = (a: unknown, more: object = {}): object => ({
    type: 'object',
    required: ['a'],
    properties: { a },
    ...more,
  });

  it.each<[string, unknown, Where]>([
    ['at once', { $ref: '#' }, ['/$ref', never]],
    ['by its anchor', { $anchor: 'me', properties: {}, allOf: [{ $ref: '#me' }] }, ['/allOf/0/$ref', never]],
    ['in an alternative', { anyOf: [{ type: 'null' }, { $ref: '#' }] }, ['/anyOf/1/$ref', never]],
    ['in a negation', { not: { $ref: '#' } }, ['/not/$ref', never]],
    ['on a condition', JSON.parse('{"if":{"type":"object"},"then":{"$ref":"#"}}'), ['/then/$ref', never]],
    [
      'where a field is there',
      { dependentSchemas: { a: { $ref: '#' } } },
      ['/dependentSchemas/a/$ref', never],
    ],
    [
      'over another',
      { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } } },
      ['/$defs/b/$ref', never],
    ],
    [
      'deep inside',
      { properties: { x: { items: { oneOf: [{ $ref: '#/properties/x/items' }] } } } },
      ['/properties/x/items/oneOf/0/$ref', never],
    ],
    ['in what nothing refers to', { $defs: { a: { $ref: '#/$defs/a' } } }, ['/$defs/a/$ref', never]],
    ['in a required field', node({ $ref: '#' }), ['/properties/a/$ref', nothing]],
    [
      'in every alternative',
      node({ anyOf: [{ $ref: '#' }, node({ $ref: '#' })] }),
      ['/properties/a/anyOf/0/$ref', nothing],
    ],
    ['in the first item', { type: 'array', minItems: 1, items: { $ref: '#' } }, ['/items/$ref', nothing]],
    ['in some item', { type: 'array', contains: { $ref: '#' } }, ['/contains/$ref', nothing]],
    [
      'in an item by place',
      { type: ['array'], minItems: 2, prefixItems: [{}, { $ref: '#' }] },
      ['/prefixItems/1/$ref', nothing],
    ],
    [
      'over two required fields',
      node(
        { $ref: '#/$defs/b' },
        { $defs: { b: { type: 'object', required: ['c'], properties: { c: { $ref: '#' } } } } },
      ),
      ['/$defs/b/properties/c/$ref', nothing],
    ],
    ['or needs what is never allowed', node(false), ['/properties/a', /is needed and never allowed/]],
  ])('%s', (_name, schema, [pointer, detail]) => {
    const [first] = faultsOf(schema);
    expect(first?.pointer).toBe(pointer);
    expect(first?.detail).toMatch(detail);
  });

  it('through a cycle of a thousand schemas', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 998 }, (_, i) => [`d${i}`, { $ref: `#/$defs/d${(i + 1) % 998}` }]),
    );
    expect(faultsOf({ $defs })[0]?.detail).toMatch(never);
  });
});

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
    ['what only ajv knows', { $async: true }, ['/$async', /no keyword/]],
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

  it('everything at once, up to 20 faults', () => {
    const faults = faultsOf({ a: 1, properties: { b: { c: 1 } }, format: 'd' });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/a', '/format', '/properties/b/c']);
    expect(faultsOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, 1])))).toHaveLength(20);
  });
});

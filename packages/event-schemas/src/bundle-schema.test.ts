import { describe, expect, it } from 'vitest';
import { bundleSchema, checkSchema, compileSchema, followReferences } from './index.ts';

const address = { type: 'object', properties: { city: { $ref: '#/components/schemas/Text' } } };
const text = { type: 'string', maxLength: 5 };
const documentOf = (payload: unknown, more: object = {}) => ({
  payload,
  components: { schemas: { Address: address, Text: text, ...more } },
});

/** Bundles a payload's schema and fails the test on an error. */
function bundled(payload: unknown, more?: object) {
  const bundle = bundleSchema(documentOf(payload, more), '/payload');
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.errors));
  expect(checkSchema(bundle.schema)).toEqual({ ok: true });
  const check = compileSchema(bundle.schema);
  return { ...bundle, result: (data: unknown) => check(data).kind };
}

describe('a schema of a document', () => {
  it('contains what it refers to, directly and indirectly', () => {
    const { schema, result } = bundled({ properties: { to: { $ref: '#/components/schemas/Address' } } });
    expect(schema).toEqual({
      properties: { to: { $ref: '#/$defs/Address' } },
      $defs: {
        Address: { type: 'object', properties: { city: { $ref: '#/$defs/Text' } } },
        Text: text,
      },
    });
    expect(result({ to: { city: 'Bern' } })).toBe('valid');
    expect(result({ to: { city: 'Ljubljana' } })).toBe('invalid');
  });

  it('is replaced by what it refers to when it has nothing else', () => {
    expect(bundled({ $ref: '#/components/schemas/Text' }).schema).toEqual(text);
    const described = bundled({ $ref: '#/components/schemas/Text', description: 'A word.' });
    expect(described.schema).toMatchObject({ $ref: '#/$defs/Text', description: 'A word.' });
    expect(bundled(true).schema).toEqual({});
  });

  it('may be recursive, directly and through others', () => {
    const node = {
      type: 'object',
      properties: {
        next: { $ref: '#/components/schemas/Node' },
        pair: { $ref: '#/components/schemas/Pair' },
      },
      required: ['id'],
    };
    const pair = { type: 'array', items: { $ref: '#/components/schemas/Node/properties/next' } };
    const { schema, result } = bundled({ $ref: '#/components/schemas/Node' }, { Node: node, Pair: pair });
    expect(schema).toMatchObject({
      properties: { next: { $ref: '#' }, pair: { $ref: '#/$defs/Pair' } },
      $defs: { Pair: { items: { $ref: '#/properties/next' } } },
    });
    expect(result({ id: 1, next: { id: 2, pair: [{ id: 3 }] } })).toBe('valid');
    expect(result({ id: 1, next: { id: 2, pair: [{}] } })).toBe('invalid');
  });

  it('keeps its own definitions apart from the bundled ones', () => {
    const { schema, result } = bundled({
      $defs: { Text: { type: 'number' } },
      properties: { n: { $ref: '#/payload/$defs/Text' }, t: { $ref: '#/components/schemas/Text' } },
    });
    expect(schema['$defs']).toEqual({ Text: { type: 'number' }, Text_2: text });
    expect(result({ n: 1, t: 'x' })).toBe('valid');
    expect(result({ n: 'x', t: 'x' })).toBe('invalid');
  });

  it('does not change values that look like references, nor a schema with an $id', () => {
    const constant = { const: { $ref: '#/components/schemas/Text' } };
    expect(bundled(constant).schema).toEqual(constant);
    const alone = {
      $id: 'urn:x',
      properties: { kin: { $ref: '#' }, w: { $ref: '#/$defs/W' } },
      $defs: { W: {} },
    };
    expect(bundled(alone).schema).toEqual(alone);
  });

  it('resolves names that pointers and URIs escape', () => {
    const more = { 'a/b c~%': { type: 'integer' } };
    const { schema, result, locationOf } = bundled(
      { properties: { x: { $ref: '#/components/schemas/a~1b%20c~0%25' } } },
      more,
    );
    expect(schema['$defs']).toEqual({ a_1b_c_0_: { type: 'integer' } });
    expect([result({ x: 1 }), result({ x: 'one' })]).toEqual(['valid', 'invalid']);
    expect(locationOf('/$defs/a_1b_c_0_/type')).toBe('/components/schemas/a~1b c~0%/type');
  });

  it('maps each of its parts to the original location', () => {
    const { locationOf } = bundled({ properties: { to: { $ref: '#/components/schemas/Address' } } });
    expect(locationOf('/properties/to')).toBe('/payload/properties/to');
    expect(locationOf('/$defs/Address/properties/city')).toBe('/components/schemas/Address/properties/city');
    expect(bundled({ $ref: '#/components/schemas/Text' }).locationOf('/maxLength')).toBe(
      '/components/schemas/Text/maxLength',
    );
  });

  it.each<[string, unknown, string, string]>([
    ['another document', { items: { $ref: 'https://x.example/s' } }, '/payload/items/$ref', 'leads out of'],
    ['a file', { $ref: 'other.json#/a' }, '/payload/$ref', 'leads out of'],
    ['nothing', { not: { $ref: '#/components/schemas/No' } }, '/payload/not/$ref', 'leads to nothing'],
    ['the whole document', { items: { $ref: '#' } }, '/payload/items/$ref', 'give the schema an $id'],
    ['a stray %', { items: { $ref: '#/%' } }, '/payload/items/$ref', 'leads to nothing'],
    ['half a character', { items: { $ref: '#/\ud800' } }, '/payload/items/$ref', 'leads to nothing'],
    ['itself', { $ref: '#/payload' }, '/payload/$ref', 'in a circle'],
    ['a number', { items: { $ref: 7 } }, '/payload/items/$ref', 'must be text'],
    ['no schema', 'text', '/payload', 'must be an object'],
  ])('is refused when it refers to %s', (...[, payload, pointer, detail]) => {
    const bundle = bundleSchema(documentOf(payload, { '\ud800': {} }), '/payload');
    expect(bundle).toMatchObject({
      ok: false,
      errors: [{ pointer, detail: expect.stringContaining(detail) as string }],
    });
  });

  it('reports a remote reference at its location, however it was reached', () => {
    const more = { Far: { properties: { x: { $ref: 'https://x.example/s' } } } };
    expect(bundleSchema(documentOf({ $ref: '#/components/schemas/Far' }, more), '/payload')).toMatchObject({
      errors: [{ pointer: '/components/schemas/Far/properties/x/$ref' }],
    });
  });

  it('is refused when it bundles too much', () => {
    const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`p${i}`, {}]));
    const bundle = bundleSchema(
      documentOf({ items: { $ref: '#/components/schemas/Wide' } }, { Wide: { properties } }),
      '/payload',
    );
    expect(bundle).toMatchObject({
      errors: [{ detail: expect.stringContaining('at most 1000 schemas') as string }],
    });
  });
});

describe('references of a document', () => {
  it('are followed to their targets', () => {
    const document = {
      a: { $ref: '#/b~1c' },
      'b/c': { $ref: '#/d/0' },
      d: [{ e: 1 }],
      said: { $ref: '#/d', and: 1 },
    };
    expect(followReferences(document, '/a')).toEqual({
      ok: true,
      location: { pointer: '/d/0', value: { e: 1 } },
    });
    expect(followReferences(document, '/said')).toMatchObject({ location: { pointer: '/said' } });
    expect(followReferences(document, '/none')).toEqual({
      ok: true,
      location: { pointer: '/none', value: undefined },
    });
  });
});

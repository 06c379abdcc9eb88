import { describe, expect, it } from 'vitest';
import { compileBody, detailsOf } from '../index.ts';

const validate = compileBody({
  type: 'object',
  additionalProperties: false,
  required: ['type', 'data'],
  properties: {
    type: { type: 'string', maxLength: 10, minLength: 2, pattern: '^[a-z.]+$' },
    data: {},
    count: { type: 'integer', minimum: 1, maximum: 5 },
    mode: { enum: ['fast', 'safe'] },
    version: { const: 2 },
    tags: { type: 'array', maxItems: 2, minItems: 1, items: { type: ['string', 'null'] } },
    'a/b~c': { type: 'object', additionalProperties: false, properties: {} },
    either: { anyOf: [{ type: 'integer' }, { type: 'boolean' }] },
    names: { type: 'object', propertyNames: { pattern: '^x' } },
    secret: { type: 'string', minLength: 4, maxLength: 9, pattern: '^whsec_', writeOnly: true },
    tls: { type: 'object', properties: { key: { type: 'string', writeOnly: true } } },
  },
  'x-field-hints': { payload: 'data', event_type: 'type' },
});

function faults(data: unknown): string[] {
  return validate(data)
    ? []
    : detailsOf(validate.errors, data).map(({ pointer, detail }) => `${pointer}: ${detail}`);
}

const good = { type: 'a.b', data: 1 };

describe('detailsOf', () => {
  it('returns nothing for a valid body', () => {
    expect(faults(good)).toEqual([]);
  });

  it.each([
    [{ data: 1 }, "/type: is missing: set 'type'"],
    [{ ...good, tpye: 1 }, "/tpye: unknown field 'tpye': did you mean 'type'?"],
    [{ ...good, date: 1 }, "/date: unknown field 'date': did you mean 'data'?"],
    [{ ...good, payload: 1 }, "/payload: unknown field 'payload': did you mean 'data'?"],
    [{ ...good, eventType: 1 }, "/eventType: unknown field 'eventType': did you mean 'type'?"],
    [{ ...good, 'AB~C': 1 }, "/AB~0C: unknown field 'AB~C'"],
    [{ ...good, COUNT: 1 }, "/COUNT: unknown field 'COUNT': did you mean 'count'?"],
    [{ ...good, gone: 1 }, "/gone: unknown field 'gone'"],
    [{ ...good, x: 1 }, "/x: unknown field 'x'"],
    [{ ...good, constructor: 1 }, "/constructor: unknown field 'constructor'"],
    [{ ...good, 'a/b~c': { 'd/e': 1 } }, "/a~1b~0c/d~1e: unknown field 'd/e'"],
    [{ ...good, type: 5 }, '/type: must be a string, got 5'],
    [{ ...good, type: 'a.b.c.d.e.f' }, '/type: must have at most 10 characters, got 11'],
    [{ ...good, type: 'a' }, '/type: must have at least 2 characters, got 1'],
    [{ ...good, type: 'A.B' }, "/type: must match ^[a-z.]+$, got 'A.B'"],
    [{ ...good, count: 0 }, '/count: must be >= 1, got 0'],
    [{ ...good, count: 6 }, '/count: must be <= 5, got 6'],
    [{ ...good, count: 1.5 }, '/count: must be an integer, got 1.5'],
    [{ ...good, count: '1' }, "/count: must be an integer, got '1'"],
    [{ ...good, mode: 'slow' }, "/mode: must be one of 'fast', 'safe', got 'slow'"],
    [{ ...good, version: 1 }, '/version: must be 2, got 1'],
    [{ ...good, tags: [] }, '/tags: must have at least 1 items, got 0'],
    [{ ...good, tags: ['a', 'b', 'c'] }, '/tags: must have at most 2 items, got 3'],
    [{ ...good, tags: [{}] }, '/tags/0: must be a string or null, got an object'],
    [{ ...good, names: { y: 1 } }, '/names/y: is not an allowed field name'],
    [{ ...good, secret: 'hidden' }, '/secret: must match ^whsec_, got a text that is not shown'],
    [{ ...good, secret: 'whsec_hidden' }, '/secret: must have at most 9 characters, got 12'],
    [{ ...good, secret: ['hidden'] }, '/secret: must be a string, got an array'],
    [{ ...good, tls: 'hidden' }, '/tls: must be an object, got a text that is not shown'],
    [[], ': must be an object, got an array'],
    [null, ': must be an object, got null'],
  ])('%j → %s', (data, expected) => {
    expect(faults(data)).toContain(expected);
  });

  it.each([{ a: 'nowhere' }, { type: 'data' }])('refuses hints to fields that do not exist: %j', (hints) => {
    const properties = { type: { type: 'string' }, data: {} };
    const validate = compileBody({ type: 'object', properties, 'x-field-hints': hints });
    expect(() => validate({})).toThrow(/x-field-hints: '/);
  });

  it('returns all faults together', () => {
    expect(faults({ count: 9, x: 1 })).toHaveLength(4);
  });

  it('omits errors that only repeat an inner one', () => {
    expect(faults({ ...good, either: 'x' })).toEqual([
      "/either: must be an integer, got 'x'",
      "/either: must be a boolean, got 'x'",
    ]);
  });

  it('quotes at most 80 characters and lists at most 20 faults', () => {
    expect(faults({ ...good, mode: 'x'.repeat(500) })[0]?.length).toBeLessThan(150);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x${at}`, at]));
    expect(faults({ ...good, ...many })).toHaveLength(20);
  });

  it('finds a field called __proto__', () => {
    expect(faults(JSON.parse('{"type":"a.b","data":1,"__proto__":{}}'))).toEqual([
      "/__proto__: unknown field '__proto__'",
    ]);
  });
});

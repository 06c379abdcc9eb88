import { type ErrorDetail, pointerPart } from '@tidings/json';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { isKnownFormat, numberFormats, textFormats } from './data-formats.ts';
import { endlessFaults } from './endless-schemas.ts';
import { readPattern } from './linear-pattern.ts';
import { lookUpReference } from './local-reference.ts';
import { isJsonObject, type JsonObject, keywordKind, subschemasOf } from './schema-keywords.ts';
import { schemaLimits } from './schema-limits.ts';

/** The result of {@link checkSchema}. */
export type SchemaCheck = Readonly<{ ok: true } | { ok: false; errors: readonly ErrorDetail[] }>;

const maxFaults = 20;
const dialect = 'https://json-schema.org/draft/2020-12/schema';

let metaSchema: Ajv2020 | undefined;
// Created for the first schema: it compiles ten schemas of its own, which a process without event types never needs.
const metaSchemaAjv = (): Ajv2020 => {
  metaSchema ??= new Ajv2020({ allErrors: false, strict: false, validateFormats: false });
  return metaSchema;
};

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Returns the first size limit that a value exceeds; checked before any code that recurses into the value. */
function sizeFault(schema: unknown): ErrorDetail | null {
  const open: { value: unknown; pointer: string; depth: number }[] = [
    { value: schema, pointer: '', depth: 1 },
  ];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { value, pointer, depth } = node;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > schemaLimits.depth) {
      return { pointer, detail: `lies deeper than ${schemaLimits.depth} levels` };
    }
    for (const [name, item] of Object.entries(value as JsonObject)) {
      if (name === '__proto__') return { pointer, detail: "may not name '__proto__'" };
      open.push({ value: item, pointer: `${pointer}/${pointerPart(name)}`, depth: depth + 1 });
    }
  }
  const bytes = Buffer.byteLength(JSON.stringify(schema) ?? '');
  return bytes > schemaLimits.bytes
    ? { pointer: '', detail: `must have at most ${schemaLimits.bytes} bytes as JSON, got ${bytes}` }
    : null;
}

type Walk = {
  readonly faults: ErrorDetail[];
  readonly root: unknown;
  /** Pointers of all schemas. */
  readonly locations: Set<string>;
  readonly anchors: Set<string>;
  readonly references: { reference: string; pointer: string }[];
  patternSize: number;
  subschemas: number;
};

function checkPattern(source: unknown, pointer: string, walk: Walk): void {
  if (typeof source !== 'string') return;
  const reading = readPattern(source);
  if (!reading.ok) walk.faults.push({ pointer, detail: `'${shown(source)}' ${reading.detail}` });
  else walk.patternSize += reading.pattern.size;
}

function checkReference(reference: unknown, pointer: string, walk: Walk): void {
  if (typeof reference !== 'string') return;
  if (!reference.startsWith('#')) {
    const detail = `'${shown(reference)}' leads out of the schema: only '#', '#/…' and '#anchor' are followed`;
    walk.faults.push({ pointer, detail });
    return;
  }
  const target = lookUpReference(walk.root, reference);
  if (typeof target !== 'boolean' && !isJsonObject(target)) {
    walk.faults.push({ pointer, detail: `'${shown(reference)}' leads to no schema` });
  } else walk.references.push({ reference, pointer });
}

/** Values and annotations can look like schemas, but they are not checked: a reference to one would check nothing. */
function strayReferences({ locations, references }: Walk): readonly ErrorDetail[] {
  return references
    .filter(
      ({ reference }) => reference.startsWith('#/') && !locations.has(decodeURIComponent(reference.slice(1))),
    )
    .map(({ reference, pointer }) => {
      const detail = `'${shown(reference)}' leads to no schema, but into a value or an annotation: put the schema into $defs`;
      return { pointer, detail };
    });
}

function checkKeywords(schema: JsonObject, at: string, walk: Walk): void {
  for (const [keyword, value] of Object.entries(schema)) {
    const pointer = `${at}/${pointerPart(keyword)}`;
    const refuse = (detail: string): void => void walk.faults.push({ pointer, detail });
    if (keywordKind(keyword) === undefined) {
      refuse(`'${shown(keyword)}' is no keyword that is checked: correct it, or begin it with x-`);
    }
    if (keyword === '$ref') checkReference(value, pointer, walk);
    if (keyword === 'enum' && Array.isArray(value) && value.length === 0) {
      refuse('must list at least one value: with none, no data can satisfy it');
    }
    if (keyword === '$anchor' && typeof value === 'string') {
      if (walk.anchors.has(value))
        refuse(`'${shown(value)}' is there twice: give each schema a name of its own`);
      walk.anchors.add(value);
    }
    if (keyword === '$id' && at !== '') refuse('may only stand at the top: give it an $anchor instead');
    if (keyword === '$schema' && value !== dialect) refuse(`must be '${dialect}' or absent`);
    if (keyword === 'pattern') checkPattern(value, pointer, walk);
    if (keyword === 'format' && typeof value === 'string' && !isKnownFormat(value)) {
      const known = [...textFormats, ...numberFormats].join(', ');
      refuse(`'${shown(value)}' is not checked here: use one of ${known}`);
    }
    if (keyword === 'patternProperties' && isJsonObject(value)) {
      for (const source of Object.keys(value))
        checkPattern(source, `${pointer}/${pointerPart(source)}`, walk);
    }
  }
}

function walkFaults(schema: unknown): readonly ErrorDetail[] {
  const walk: Walk = {
    ...{ faults: [], root: schema, patternSize: 0, subschemas: 0 },
    ...{ locations: new Set(), anchors: new Set(), references: [] },
  };
  const open = [{ value: schema, pointer: '' }];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { value, pointer } = node;
    walk.subschemas += 1;
    walk.locations.add(pointer);
    if (walk.subschemas > schemaLimits.subschemas) {
      return [
        { pointer: '', detail: `must have at most ${schemaLimits.subschemas} schemas in it, got more` },
      ];
    }
    if (!isJsonObject(value)) continue;
    checkKeywords(value, pointer, walk);
    if (walk.faults.length >= maxFaults) break;
    open.push(...subschemasOf(value, pointer).reverse());
  }
  const { patternSizeInAll } = schemaLimits;
  if (walk.patternSize > patternSizeInAll) {
    const detail = `its patterns must have at most ${patternSizeInAll} instructions when compiled, got ${walk.patternSize}`;
    walk.faults.push({ pointer: '', detail });
  }
  // The set of schema positions is complete only after a walk without faults.
  if (walk.faults.length === 0) walk.faults.push(...strayReferences(walk));
  return walk.faults.slice(0, maxFaults);
}

function metaFaults(schema: JsonObject): ErrorDetail[] {
  const ajv = metaSchemaAjv();
  // `$schema` was compared already; ajv would treat any other value as the name of a schema to load.
  if (ajv.validate(dialect, { ...schema, $schema: dialect } as AnySchemaObject)) return [];
  const [first] = ajv.errors ?? [];
  if (first === undefined) return [{ pointer: '', detail: 'is no valid JSON Schema' }];
  const allowed = (first.params as { allowedValues?: readonly unknown[] }).allowedValues;
  const values = allowed === undefined ? '' : ` (${allowed.join(', ')})`;
  return [{ pointer: first.instancePath, detail: `${first.message ?? 'is not valid'}${values}` }];
}

/**
 * Checks like {@link checkSchema}, but accepts schemas that no data can satisfy: earlier versions registered them, and
 * they can be compiled.
 */
export function checkForm(schema: unknown): SchemaCheck {
  if (!isJsonObject(schema)) {
    return { ok: false, errors: [{ pointer: '', detail: 'must be an object: a JSON Schema (2020-12)' }] };
  }
  const size = sizeFault(schema);
  if (size !== null) return { ok: false, errors: [size] };
  const found = walkFaults(schema);
  const errors = found.length > 0 ? found : metaFaults(schema);
  return errors.length === 0 ? { ok: true } : { ok: false, errors };
}

/**
 * Checks a user's schema for the data of an event type: JSON Schema 2020-12, within the limits, known keywords only,
 * references only to schemas inside it, patterns that match in bounded time, and no self-reference that makes a check
 * endless or the schema unsatisfiable. Returns at most 20 faults.
 */
export function checkSchema(schema: unknown): SchemaCheck {
  const check = checkForm(schema);
  if (!check.ok) return check;
  const errors = endlessFaults(schema as JsonObject).slice(0, maxFaults);
  return errors.length === 0 ? check : { ok: false, errors };
}

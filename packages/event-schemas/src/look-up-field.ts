import { readPattern } from './linear-pattern.ts';
import { lookUpReference } from './local-reference.ts';
import { isJsonObject, type JsonObject } from './schema-keywords.ts';

/**
 * The declaration of a path in a schema. `unknown`: the schema has none, so any value is possible. `absent`: it
 * declares other fields at that point, `known` (at most 20), and `missing` is the undeclared part. `known`: the schemas
 * of the value.
 */
export type SchemaField = Readonly<
  | { kind: 'unknown' }
  | { kind: 'absent'; missing: string; known: readonly string[] }
  | { kind: 'known'; root: unknown; schemas: readonly unknown[] }
>;

const maxSchemas = 1_000;
const maxKnown = 20;
const containers = ['object', 'array'];

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const mapIn = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** Returns the schemas that apply to one value, those of references, combinations and conditions included. */
function viewsOf(root: unknown, schemas: readonly unknown[]): readonly unknown[] {
  const views = new Set<unknown>();
  const open = [...schemas];
  for (let schema = open.pop(); schema !== undefined && views.size < maxSchemas; schema = open.pop()) {
    if (views.has(schema)) continue;
    views.add(schema);
    if (!isJsonObject(schema)) continue;
    const { $ref: reference, if: condition, then, else: otherwise, dependentSchemas } = schema;
    if (typeof reference === 'string') open.push(lookUpReference(root, reference) ?? true);
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) open.push(...listIn(schema[keyword]));
    open.push(
      ...[condition, then, otherwise].filter(isJsonObject),
      ...Object.values(mapIn(dependentSchemas)),
    );
  }
  return [...views];
}

/** Returns what schemas declare about one field of an object; `isOpen`: one of them allows undeclared fields. */
function fieldsIn(views: readonly unknown[], name: string) {
  const found: unknown[] = [];
  const known = new Set<string>();
  let isOpen = views.some((view) => view === true);
  for (const view of views) {
    if (!isJsonObject(view)) continue;
    const properties = mapIn(view['properties']);
    const patterns = Object.entries(mapIn(view['patternProperties']));
    for (const one of Object.keys(properties)) known.add(one);
    if (Object.hasOwn(properties, name)) found.push(properties[name]);
    for (const [source, schema] of patterns) {
      const reading = readPattern(source);
      if (!reading.ok || reading.pattern.test(name)) found.push(schema);
    }
    for (const keyword of ['additionalProperties', 'unevaluatedProperties']) {
      const others = view[keyword];
      if (isJsonObject(others) && Object.keys(others).length > 0) found.push(others);
      else if (others === true || isJsonObject(others)) isOpen = true;
    }
    if (patterns.length > 0) known.add('…');
  }
  return { found, known: [...known], isOpen };
}

const itemsOf = (views: readonly unknown[]): readonly unknown[] =>
  views.flatMap((view) =>
    isJsonObject(view) ? [...listIn(view['prefixItems']), ...('items' in view ? [view['items']] : [])] : [],
  );

const typesOf = ({ type }: JsonObject): readonly string[] | null =>
  type === undefined ? null : Array.isArray(type) ? (type as string[]) : [String(type)];

/** Returns true if the value can have neither fields nor items. */
const isPlain = (views: readonly unknown[]): boolean => {
  const types = views.flatMap((view) => (isJsonObject(view) ? (typesOf(view) ?? []) : []));
  return types.length > 0 && !types.some((type) => containers.includes(type));
};

function step(root: unknown, schemas: readonly unknown[], part: string): SchemaField {
  const views = viewsOf(root, schemas);
  const items = itemsOf(views);
  const own = fieldsIn(views, part);
  // In an array, a part is the index of an item or a field of any item.
  const inItems = fieldsIn(viewsOf(root, items), part);
  const found = [...own.found, ...inItems.found, ...(/^\d+$/.test(part) ? items : [])].filter(
    (one) => one !== false,
  );
  if (found.length > 0) return { kind: 'known', root, schemas: found };
  const known = [...own.known, ...inItems.known];
  const isSilent = known.length === 0 && !isPlain(views);
  if (own.isOpen || inItems.isOpen || isSilent) return { kind: 'unknown' };
  return { kind: 'absent', missing: part, known: known.slice(0, maxKnown) };
}

/**
 * Looks up a filter's path in a checked schema (parts joined by dots; through arrays by index or to a field of any
 * item). A field counts as absent if the schema declares fields and this one is not among them, even without
 * `additionalProperties: false`: events are expected to have the declared fields.
 */
export function lookUpField(schema: unknown, path: string): SchemaField {
  let field: SchemaField = { kind: 'known', root: schema, schemas: [schema] };
  for (const part of path.split('.')) {
    if (field.kind !== 'known') return field;
    field = step(schema, field.schemas, part);
  }
  return field;
}

const typeOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'array'
      : Number.isInteger(value)
        ? 'integer'
        : typeof value;

type Known = Extract<SchemaField, { kind: 'known' }>;
type Admits = (schema: JsonObject) => boolean;

/**
 * Returns true if the schema allows a value that `admits` accepts; items count where arrays are allowed. Also true if
 * the search would exceed `maxSchemas` schemas: references can double at each level.
 */
function canBe({ root, schemas }: Known, admits: Admits): boolean {
  let looks = 0;
  const look = (schema: unknown, within: ReadonlySet<unknown>): boolean => {
    looks += 1;
    if (!isJsonObject(schema)) return schema !== false;
    if (within.has(schema) || looks > maxSchemas) return true;
    const seen = new Set(within).add(schema);
    const inner = (one: unknown): boolean => look(one, seen);
    const types = typesOf(schema);
    const items = itemsOf([schema]);
    if (types?.includes('array') === true && items.length === 0) return true;
    if ((types === null || types.includes('array')) && items.some(inner)) return true;
    if (!admits(schema)) return false;
    const { $ref: reference } = schema;
    if (typeof reference === 'string' && !inner(lookUpReference(root, reference))) return false;
    if (!listIn(schema['allOf']).every(inner)) return false;
    return ['anyOf', 'oneOf'].every((keyword) => {
      const some = listIn(schema[keyword]);
      return some.length === 0 || some.some(inner);
    });
  };
  return schemas.some((schema) => look(schema, new Set()));
}

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Returns true if a field can have this value by its types, `enum` and `const`, or if the schema declares none. */
export function canEqual(field: SchemaField, value: unknown): boolean {
  if (field.kind !== 'known') return true;
  // The filter's matcher decides how objects and arrays compare.
  const isSimple = typeof value !== 'object' || value === null;
  const admits: Admits = (schema) => {
    const types = typesOf(schema);
    const type = typeOf(value);
    const isOfType = types?.includes(type) ?? true;
    if (!isOfType && !(type === 'integer' && types?.includes('number') === true)) return false;
    if (!isSimple) return true;
    if ('const' in schema) return sameJson(schema['const'], value);
    return !Array.isArray(schema['enum']) || schema['enum'].some((one) => sameJson(one, value));
  };
  return canBe(field, admits);
}

/** Returns true if a field can be of one of these JSON types, or if its schema declares none. */
export function canHaveType(field: SchemaField, wanted: readonly string[]): boolean {
  if (field.kind !== 'known') return true;
  const admits: Admits = (schema) => {
    const values = 'const' in schema ? [schema['const']] : schema['enum'];
    const types = Array.isArray(values) ? values.map(typeOf) : typesOf(schema);
    return types === null || wanted.some((type) => types.includes(type));
  };
  return canBe(field, admits);
}

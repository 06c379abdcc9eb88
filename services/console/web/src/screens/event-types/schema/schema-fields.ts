type Schema = Readonly<Record<string, unknown>>;

/** A field of the data that a schema describes. `path`: `customer.tier`, `items[].sku`; `''` is the whole. */
export type SchemaField = Readonly<{
  path: string;
  type: string;
  isRequired: boolean;
  /** Keywords that limit it: `minimum 0`, `pattern ^A`. */
  rules: readonly string[];
  description: string | null;
}>;

/** A field that differs between two schemas. `before` and `after`: null where it is not there. */
export type FieldChange = Readonly<{
  path: string;
  kind: 'added' | 'removed' | 'changed';
  before: SchemaField | null;
  after: SchemaField | null;
}>;

type Place = Pick<SchemaField, 'path' | 'isRequired'>;

/** The most fields that are listed. */
export const maxFields = 500;

const maxDepth = 16;
const ruleKeywords = [
  ...['format', 'pattern', 'minLength', 'maxLength', 'minimum', 'exclusiveMinimum', 'maximum'],
  ...['exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'minProperties'],
  ...['maxProperties', 'contains', 'not', 'if', 'propertyNames', 'dependentRequired'],
];

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the fields of a schema in its order, those inside objects and lists too. */
export function fieldsOf(schema: Schema): readonly SchemaField[] {
  const fields = new Map<string, SchemaField>();
  const walk = (node: Schema, { path, isRequired }: Place, refs: readonly string[]): void => {
    if (fields.size >= maxFields || refs.length > maxDepth) return;
    const { schema: seen, refs: followed } = resolve(schema, node, refs);
    const known = fields.get(path);
    const type = typeOf(seen);
    if (known === undefined || known.type === 'anything') {
      fields.set(path, {
        path,
        type,
        isRequired: isRequired || known?.isRequired === true,
        rules: rulesOf(seen),
        description: typeof seen['description'] === 'string' ? seen['description'] : null,
      });
    }
    // A schema that refers to itself is listed once.
    if (followed === null) return;
    walkInside(seen, path, [...followed, '']);
  };
  const walkInside = (node: Schema, path: string, refs: readonly string[]): void => {
    const required = Array.isArray(node['required']) ? (node['required'] as unknown[]) : [];
    for (const [name, part] of Object.entries(isSchema(node['properties']) ? node['properties'] : {})) {
      if (isSchema(part))
        walk(
          part,
          { path: path === '' ? name : `${path}.${name}`, isRequired: required.includes(name) },
          refs,
        );
    }
    if (isSchema(node['items'])) walk(node['items'], { path: `${path}[]`, isRequired: false }, refs);
    if (isSchema(node['additionalProperties']))
      walk(node['additionalProperties'], { path: `${path}.*`, isRequired: false }, refs);
    for (const part of Array.isArray(node['allOf']) ? (node['allOf'] as unknown[]) : []) {
      if (isSchema(part)) walk(part, { path, isRequired: false }, refs);
    }
  };
  walk(schema, { path: '', isRequired: false }, []);
  return [...fields.values()];
}

/** Follows a reference within the schema; `refs` is null if it leads to where it came from. */
function resolve(
  root: Schema,
  node: Schema,
  refs: readonly string[],
): Readonly<{ schema: Schema; refs: readonly string[] | null }> {
  const ref = node['$ref'];
  if (typeof ref !== 'string' || !ref.startsWith('#')) return { schema: node, refs };
  const target = ref
    .slice(1)
    .split('/')
    .slice(1)
    .reduce<unknown>((at, part) => {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      return isSchema(at) ? at[name] : Array.isArray(at) ? (at as unknown[])[Number(name)] : undefined;
    }, root);
  if (!isSchema(target)) return { schema: node, refs: null };
  const merged = { ...target, ...node };
  return refs.includes(ref) ? { schema: merged, refs: null } : { schema: merged, refs: [...refs, ref] };
}

function typeOf(schema: Schema): string {
  if ('const' in schema) return shown(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map(shown).join(' | ');
  const { type } = schema;
  const items = isSchema(schema['items']) ? schema['items']['type'] : undefined;
  if (type === 'array') return typeof items === 'string' ? `array of ${items}` : 'array';
  if (typeof type === 'string') return type;
  if (Array.isArray(type)) return type.join(' | ');
  for (const name of ['oneOf', 'anyOf']) {
    const parts = schema[name];
    if (Array.isArray(parts))
      return parts.map((part) => (isSchema(part) ? typeOf(part) : 'anything')).join(' | ');
  }
  return isSchema(schema['properties']) ? 'object' : 'anything';
}

const shown = (value: unknown): string => JSON.stringify(value) ?? '';

function rulesOf(schema: Schema): readonly string[] {
  return ruleKeywords.flatMap((name) => {
    if (!(name in schema)) return [];
    const value = schema[name];
    if (value === true) return [name];
    const text = typeof value === 'string' ? value : shown(value);
    return [`${name} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`];
  });
}

/** Returns the fields that differ, in the order of the newer schema, removed ones at the end. */
export function compareFields(older: Schema, newer: Schema): readonly FieldChange[] {
  const before = new Map(fieldsOf(older).map((field) => [field.path, field]));
  const after = new Map(fieldsOf(newer).map((field) => [field.path, field]));
  const changes = [...after.values()].flatMap((field): FieldChange[] => {
    const old = before.get(field.path) ?? null;
    if (old === null) return [{ path: field.path, kind: 'added', before: null, after: field }];
    if (JSON.stringify(old) === JSON.stringify(field)) return [];
    return [{ path: field.path, kind: 'changed', before: old, after: field }];
  });
  const removed = [...before.values()]
    .filter(({ path }) => !after.has(path))
    .map((field): FieldChange => ({ path: field.path, kind: 'removed', before: field, after: null }));
  return [...changes, ...removed];
}

import { isDeepStrictEqual } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Schema = Readonly<Record<string, unknown>>;

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const compiled = new Map<object, ValidateFunction>();

const matches = (schema: Schema, value: unknown): boolean => {
  const check = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, check);
  return check(value);
};

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the schemas that values below this one have, the name of each, and those values. */
function* below(
  schema: Schema,
  values: readonly unknown[],
): Generator<readonly [name: string, schema: Schema, values: readonly unknown[]]> {
  const branches = [schema['oneOf'], schema['anyOf']].flatMap((all) => (all as Schema[]) ?? []);
  for (const [at, branch] of branches.entries()) {
    const { kind, type } = (branch['properties'] ?? {}) as Record<string, Schema>;
    const name = [kind, type].map((one) => one?.['const']).find((one) => one !== undefined) ?? at + 1;
    yield [` as ${JSON.stringify(name)}`, branch, values.filter((one) => matches(branch, one))];
  }
  const objects = values.filter(isObject);
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  for (const [name, property] of Object.entries(properties)) {
    const having = objects.filter((one) => Object.hasOwn(one, name)).map((one) => one[name]);
    yield [`/${name}`, property, having];
  }
  const patterns = (schema['patternProperties'] ?? {}) as Schema;
  const more = [schema['additionalProperties'], ...Object.values(patterns)];
  for (const each of more.filter(isObject)) {
    const others = objects.flatMap((one) => Object.entries(one).filter(([name]) => !(name in properties)));
    yield ['/*', each, others.map(([, value]) => value)];
  }
  const lists = values.filter((one) => Array.isArray(one)) as unknown[][];
  if (isObject(schema['items'])) yield ['/0', schema['items'], lists.flat()];
  for (const [at, item] of ((schema['prefixItems'] ?? []) as Schema[]).entries()) {
    yield [`/${at}`, item, lists.map((list) => list[at])];
  }
}

/** Returns the alternatives of a schema itself, without those below it, that no value is. */
function* missingIn(schema: Schema, values: readonly unknown[]): Generator<string> {
  const { enum: some, type, properties, required } = schema;
  const wanted = [
    ...((some as unknown[] | undefined) ?? []),
    ...(type === 'boolean' ? [true, false] : []),
    ...(Array.isArray(type) && type.includes('null') ? [null] : []),
  ];
  for (const one of wanted) {
    if (!values.some((value) => isDeepStrictEqual(value, one))) yield `is never ${JSON.stringify(one)}`;
  }
  const isNullable = Array.isArray(type) || (Array.isArray(some) && some.includes(null));
  if (isNullable && values.every((value) => value === null)) yield 'is always null';
  for (const name of Object.keys((properties as object | undefined) ?? {})) {
    const isRequired = Array.isArray(required) && required.includes(name);
    if (!isRequired && values.every((value) => isObject(value) && Object.hasOwn(value, name))) {
      yield `always has '${name}', which is optional`;
    }
  }
}

/**
 * Returns, a line each, what a JSON Schema permits and none of the values has: fields, the absence of optional ones,
 * alternatives, values of enumerations, null and what is not null. Numbers and texts count as one alternative.
 */
export const uncovered = (schema: object, values: readonly unknown[], path: string): readonly string[] => {
  if (values.length === 0) return [`${path} has no example`];
  const own = schema as Schema;
  const here = [...missingIn(own, values)].map((what) => `${path} ${what}`);
  const deeper = [...below(own, values)].flatMap(([name, each, some]) =>
    uncovered(each, some, `${path}${name}`),
  );
  return [...here, ...deeper];
};

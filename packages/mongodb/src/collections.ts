import { Schema } from 'mongoose';
/**
 * Options of a mongoose schema whose callers validate documents themselves: undeclared fields are stored as they are, and
 * mongoose adds no fields of its own and creates nothing implicitly.
 */
export const plainCollection = {
  strict: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;

/** Options of a mongoose schema that declares every field: writes and queries with any other field are refused. */
export const strictCollection = {
  ...plainCollection,
  strict: 'throw',
  strictQuery: 'throw',
  minimize: false,
} as const;

/** Fields of an index and their directions. */
export type IndexKeys = Readonly<Record<string, 1 | -1>>;

type PropertySchema = Readonly<{
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
}>;

const byName: Readonly<Record<string, unknown>> = {
  string: String,
  integer: Number,
  number: Number,
  boolean: Boolean,
};

// Arrays and objects are not checked here: the JSON Schema has validated them before.
function typeOf({ type, const: only, enum: some }: PropertySchema): unknown {
  const values = only === undefined ? (some ?? []) : [only];
  const types = values.length > 0 ? values.map((value) => (value === null ? 'null' : typeof value)) : type;
  const names = [types ?? []].flat().filter((name) => name !== 'null');
  const [name = ''] = names;
  return names.every((other) => other === name) ? (byName[name] ?? Schema.Types.Mixed) : Schema.Types.Mixed;
}

/** Returns the mongoose schema of a collection that a JSON Schema describes. Undeclared fields are refused. */
export function mongooseSchema(
  collection: string,
  { properties }: Readonly<{ properties: Readonly<Record<string, object>> }>,
  indexes: readonly IndexKeys[],
): Schema {
  const fields = Object.entries(properties).map(([name, property]) => [name, { type: typeOf(property) }]);
  const schema = new Schema(Object.fromEntries(fields) as Record<string, { type: StringConstructor }>, {
    collection,
    ...strictCollection,
  });
  for (const index of indexes) schema.index({ ...index });
  return schema;
}

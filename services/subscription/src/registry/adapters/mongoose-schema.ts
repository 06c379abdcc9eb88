import { Schema } from 'mongoose';
import type { IndexKeys } from '../document-kind.ts';
import type { ObjectSchema } from '../domain/document-schema.ts';

/** Options of all mongoose schemas: no undeclared fields, no fields of mongoose's own, nothing created implicitly. */
export const schemaOptions = {
  strict: 'throw',
  strictQuery: 'throw',
  versionKey: false,
  minimize: false,
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;

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
  { properties }: ObjectSchema,
  indexes: readonly IndexKeys[],
): Schema {
  const fields = Object.entries(properties).map(([name, property]) => [name, { type: typeOf(property) }]);
  const schema = new Schema(Object.fromEntries(fields) as Record<string, { type: StringConstructor }>, {
    collection,
    ...schemaOptions,
  });
  for (const index of indexes) schema.index({ ...index });
  return schema;
}

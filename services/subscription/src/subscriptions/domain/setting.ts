import type { ErrorDetail } from '@tidings/json';
import type { Masks } from '../../registry/domain/audit-entry.ts';

type Schema = Readonly<Record<string, unknown>>;

/**
 * A setting of a subscription. `Body` is its form in a request, `Value` its form in the domain. `Wire` is null for a
 * value that requests neither set nor show.
 */
export type Setting<Wire extends string | null, Body, Value, OnTopic extends boolean> = Readonly<{
  /** Field of requests and responses. */
  wire: Wire;
  /** Schema in a request, with the text of the API description. In a merge patch, `patchSchema` replaces it. */
  schema: Schema;
  patchSchema: Schema;
  /** Value of an omitted field in a new subscription; undefined if the field is required. */
  default: Body | undefined;
  /** Returns the value of a field that has passed its schema. */
  read(given: Body, current?: Value): Value;
  /** Returns the faults that a schema cannot express. */
  faults(given: Body): readonly ErrorDetail[];
  /** Schema and form in a response, and the example in the API description; undefined: the default. */
  shown: Schema;
  show(value: Value): unknown;
  example: unknown;
  /** True if records of the subscriptions topic carry the value, under the setting's name in the domain. */
  isOnTopic: OnTopic;
  /** Field, schema and form in the database. */
  storedAs: string;
  stored: Schema;
  toStored(value: Value): unknown;
  fromStored(stored: unknown): Value;
  /** Returns the stored form without its credentials, for the audit log. */
  mask(stored: unknown): unknown;
  /** Other names that callers use for the field, mostly those of similar products. */
  hints: readonly string[];
}>;

type Declaration<Wire, Body, Value, OnTopic, Stored> = Readonly<{
  wire: Wire;
  schema: Schema;
  patchSchema?: Schema;
  default?: NoInfer<Body>;
  read(given: Body, current?: Value): Value;
  faults?(given: NoInfer<Body>): readonly ErrorDetail[];
  shown: Schema;
  show?(value: NoInfer<Value>): unknown;
  example?: unknown;
  isOnTopic?: OnTopic;
  storedAs?: string;
  stored: Schema;
  toStored?(value: NoInfer<Value>): Stored;
  fromStored?(stored: Stored): NoInfer<Value>;
  mask?(stored: NoInfer<Stored>): unknown;
  hints?: readonly string[];
}>;

/** Returns its argument: the reader of a setting that is the same in a request and in the domain. */
export const same = <T>(value: T): T => value;

/** Declares a setting. Omitted functions return the value unchanged; `storedAs` defaults to `wire`. */
export const setting = <
  const Wire extends string | null,
  Body,
  Value,
  const OnTopic extends boolean = true,
  Stored = Value,
>(
  declared: Declaration<Wire, Body, Value, OnTopic, Stored>,
): Setting<Wire, Body, Value, OnTopic> => ({
  patchSchema: declared.schema,
  default: undefined,
  faults: () => [],
  show: same,
  example: undefined,
  isOnTopic: true as OnTopic,
  storedAs: declared.wire ?? '',
  toStored: same,
  fromStored: same as (stored: unknown) => Value,
  mask: same,
  hints: [],
  ...(declared as Omit<typeof declared, 'fromStored' | 'mask'> &
    Partial<Pick<Setting<Wire, Body, Value, OnTopic>, 'fromStored' | 'mask'>>),
});

/** Returns properties that may also be null: the `patchSchema` of an object whose properties a patch may remove. */
export const propertiesOrNull = (properties: Readonly<Record<string, Readonly<{ type: string }>>>): Schema =>
  Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, { ...field, type: [field.type, 'null'] }]),
  );

/** Settings by their names in the domain, in the order of requests, responses, records and documents. */
export type SettingsTable = Readonly<Record<string, Setting<string | null, unknown, unknown, boolean>>>;

/** The values of a table's settings. */
export type ValuesOf<T extends SettingsTable> = { readonly [Name in keyof T]: ReturnType<T[Name]['read']> };

/** The request fields of a table's settings; all are optional. */
export type BodyOf<T extends SettingsTable> = {
  readonly [Name in keyof T as NonNullable<T[Name]['wire']>]?: Parameters<T[Name]['read']>[0];
};

type OnTopicIn<T extends SettingsTable> = {
  [Name in keyof T]: T[Name]['isOnTopic'] extends true ? Name : never;
}[keyof T];

type Row = readonly [name: string, setting: SettingsTable[string]];
type Values = Readonly<Record<string, unknown>>;

const wiredRows = (table: SettingsTable): readonly (readonly [wire: string, ...Row])[] =>
  Object.entries(table).flatMap(([name, row]) => (row.wire === null ? [] : [[row.wire, name, row] as const]));

/** Returns a property for each request field, e.g. its schema. */
export const eachField = <T>(
  table: SettingsTable,
  of: (setting: SettingsTable[string]) => T,
): Readonly<Record<string, T>> =>
  Object.fromEntries(wiredRows(table).map(([wire, , row]) => [wire, of(row)]));

/** Returns the values of omitted fields in a new subscription, without those of required fields. */
export const defaultsOf = (table: SettingsTable): Values =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, row]) =>
      row.default === undefined ? [] : [[name, row.read(row.default)]],
    ),
  );

/** Returns the values of `base`, with the fields of the body instead of its own. */
export const readBody = (table: SettingsTable, body: Values, base: Values): Values =>
  Object.fromEntries(
    Object.entries(table).map(([name, row]) => {
      const given = row.wire === null ? undefined : body[row.wire];
      return [name, given === undefined ? base[name] : row.read(given, base[name])];
    }),
  );

/** Returns the faults of a body's fields. */
export const faultsIn = (table: SettingsTable, body: Values): readonly ErrorDetail[] =>
  wiredRows(table).flatMap(([wire, , row]) => (body[wire] === undefined ? [] : row.faults(body[wire])));

/** Returns the fields of a response. */
export const shownFields = (table: SettingsTable, values: Values): Values =>
  Object.fromEntries(wiredRows(table).map(([wire, name, row]) => [wire, row.show(values[name])]));

/** Returns the schemas of the fields in the database. */
export const storedSchemas = (table: SettingsTable): Readonly<Record<string, Schema>> =>
  Object.fromEntries(Object.values(table).map(({ storedAs, stored }) => [storedAs, stored]));

/** Returns the masks of the fields in the database. */
export const masksOf = (table: SettingsTable): Masks =>
  Object.fromEntries(Object.values(table).map(({ storedAs, mask }) => [storedAs, mask]));

/** Returns the request field for each other name that callers use. */
export const hintsOf = (table: SettingsTable): Readonly<Record<string, string>> =>
  Object.fromEntries(wiredRows(table).flatMap(([wire, , { hints }]) => hints.map((hint) => [hint, wire])));

/** Returns the fields of a document. */
export const storedFields = (table: SettingsTable, values: Values): Values =>
  Object.fromEntries(Object.entries(table).map(([name, row]) => [row.storedAs, row.toStored(values[name])]));

/** Returns the values of a document's fields. */
export const fromStoredFields = (table: SettingsTable, document: Values): Values =>
  Object.fromEntries(
    Object.entries(table).map(([name, row]) => [name, row.fromStored(document[row.storedAs])]),
  );

/** Returns the values that records of the subscriptions topic carry. */
export const onTopic = <T extends SettingsTable>(
  table: T,
  values: ValuesOf<T>,
): Pick<ValuesOf<T>, OnTopicIn<T>> =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, row]) => (row.isOnTopic ? [[name, values[name]]] : [])),
  ) as Pick<ValuesOf<T>, OnTopicIn<T>>;

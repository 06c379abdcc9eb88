import type { ConsumerId, TopicDefinition, WireRecord } from '@tidings/contracts';
import type { Masks } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

/** A document as the database holds it: the registry's own fields, and those of its kind beside them. */
export type StoredDocument = Readonly<{ _id: string; version: number }> & Readonly<Record<string, unknown>>;

/** What the registry has to know of a record of the topic. `countedVersion`: 0 where nothing is counted. */
export type RecordInfo = Readonly<{ version: number; countedVersion: number; isDeleted: boolean }>;

/** How an index is ordered: the fields and their directions. */
export type IndexKeys = Readonly<Record<string, 1 | -1>>;

/** One kind of versioned document: where it lies, what it looks like there, and what becomes of it on its topic. */
export type DocumentKind<T extends Versioned> = Readonly<{
  /** What one is called: in log lines (`<name>.created`), metrics, and the audit log. */
  name: string;
  /** What one is called in messages to people. */
  title: string;
  states: readonly string[];
  collection: string;
  indexes: readonly IndexKeys[];
  /** The JSON Schema of a whole document; the types of its fields in the database follow from it. */
  schema: ObjectSchema;
  toDocument(entity: T): StoredDocument;
  /** Whose it is, besides its workspace's: the field `consumer_id` of those kinds that have one. */
  consumerOf(entity: T): ConsumerId | null;
  /** Checks a document, brought up to the present schema first. Throws AppError `undecodable`. */
  fromDocument(raw: unknown): T;
  topic: TopicDefinition;
  /** Record keys are this and the id: several kinds can share a topic. */
  keyPrefix: string;
  encode(entity: T): WireRecord;
  /** Reads a record of this kind that is no tombstone. Throws DecodeError. */
  recordInfoOf(record: WireRecord): RecordInfo;
  masks: Masks;
  /** What a log line says about a version: never what may be a credential. */
  logFields(entity: T): Readonly<Record<string, unknown>>;
}>;

/** An object schema in which every property is required and no other is allowed. */
export type ObjectSchema = Readonly<{
  type: 'object';
  properties: Readonly<Record<string, object>>;
  required: readonly string[];
  additionalProperties: false;
}>;

/** Makes an {@link ObjectSchema}. */
export const exactly = (properties: Readonly<Record<string, object>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Building blocks that the schemas of documents share. */
export const shape = {
  text: { type: 'string', minLength: 1 },
  nullableText: { type: ['string', 'null'] },
  count: { type: 'integer', minimum: 0 },
  nullableCount: { type: ['integer', 'null'], minimum: 0 },
  flag: { type: 'boolean' },
} as const;

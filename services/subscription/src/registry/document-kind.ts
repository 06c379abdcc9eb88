import type { ConsumerId, TopicDefinition, WireRecord } from '@tidings/contracts';
import type { IndexKeys } from '@tidings/mongodb';
import type { Masks } from './domain/audit-entry.ts';
import type { ObjectSchema } from './domain/document-schema.ts';
import type { Versioned } from './domain/versioned.ts';

/** A document in the database: the registry's own fields and those of its kind. */
export type StoredDocument = Readonly<{ _id: string; version: number }> & Readonly<Record<string, unknown>>;

/** Registry fields of a topic record. `countedVersion`: 0 if the kind counts nothing. */
export type RecordInfo = Readonly<{ version: number; countedVersion: number; isDeleted: boolean }>;

/** One kind of versioned document: its collection, its schema, and its records on the topic. */
export type DocumentKind<T extends Versioned> = Readonly<{
  /** Name in log lines (`<name>.created`), metrics and the audit log. */
  name: string;
  /** Name in messages to users. */
  title: string;
  states: readonly string[];
  collection: string;
  indexes: readonly IndexKeys[];
  /** JSON Schema of a whole document. It determines the types of the fields in the database. */
  schema: ObjectSchema;
  toDocument(entity: T): StoredDocument;
  /** Returns the consumer that owns the document, from the field `consumer_id`; null if its kind has no such field. */
  consumerOf(entity: T): ConsumerId | null;
  /** Migrates a document to the current schema and validates it. Throws AppError `undecodable`. */
  fromDocument(raw: unknown): T;
  topic: TopicDefinition;
  /** Prefix of record keys, followed by the id. Several kinds can share a topic. */
  keyPrefix: string;
  encode(entity: T): WireRecord;
  /** Reads a record of this kind that is not a tombstone. Throws DecodeError. */
  recordInfoOf(record: WireRecord): RecordInfo;
  /** Encodes the whole document for the topic from which a lost database is restored. */
  encodeCopy(entity: T): WireRecord;
  /** Returns the digest of the text of a copy, without compressing it: every document is compared each hour. */
  copyDigest(entity: T): string;
  /** Returns the document of a copy, published and audited. Throws DecodeError, and AppError `undecodable`. */
  decodeCopy(record: WireRecord): T;
  masks: Masks;
  /** Returns the log fields of a version. They never include credentials. */
  logFields(entity: T): Readonly<Record<string, unknown>>;
}>;

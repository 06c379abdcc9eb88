import {
  consumerId,
  type DocumentCopied,
  decodeDocumentCopy,
  encodeDocumentCopy,
  textOfDocumentCopy,
  workspaceId,
} from '@tidings/contracts';
import { compiledOnFirstUse } from '@tidings/json';
import type { IndexKeys } from '@tidings/mongodb';
import { AppError } from '@tidings/runtime';
import { Ajv } from 'ajv';
import { type AuditDocument, auditDocument, auditDocumentSchema, auditEntry } from './audit-document.ts';
import type { DocumentKind } from './document-kind.ts';
import { exactly, shape } from './domain/document-schema.ts';
import { digestOf } from './domain/record-digest.ts';
import type { Versioned } from './domain/versioned.ts';

/** A migration from one schema version to the next. Pure: it receives the old document and returns the new one. */
type MigrationStep = (document: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** Current schema of a collection, and the migrations from older ones. `steps[1]` leads from version 1 to 2. */
export type DocumentSchema = Readonly<{
  name: string;
  schema: object;
  schemaVersion: number;
  steps: Readonly<Record<number, MigrationStep>>;
}>;

const ajv = new Ajv({ strict: true, allowUnionTypes: true });

const idOf = (document: unknown): string =>
  typeof document === 'object' && document !== null && '_id' in document
    ? String(document._id)
    : 'without id';

/**
 * Returns the reader of a collection, which migrates a document to the current schema version, step by step, and
 * validates it. It throws AppError `undecodable` if a newer release wrote the document or it does not match its
 * version.
 */
export function documentReader<T>({
  name,
  schema,
  schemaVersion,
  steps,
}: DocumentSchema): (raw: unknown) => T {
  const validate = compiledOnFirstUse(() => ajv.compile<T>(schema));
  return (raw) => {
    const refuse = (problem: string): AppError =>
      new AppError({ code: 'undecodable', message: `the ${name} document ${idOf(raw)} ${problem}` });
    let document = raw as Readonly<Record<string, unknown>>;
    for (let version = versionOf(raw); version < schemaVersion; version += 1) {
      const step = steps[version];
      if (step === undefined) throw refuse(`has schema version ${version}, which no step leads away from`);
      document = { ...step(document), schema_version: version + 1 };
    }
    if (versionOf(document) > schemaVersion) {
      throw refuse(
        `has schema version ${versionOf(document)}, this release supports ${schemaVersion}: update it`,
      );
    }
    if (validate(document)) return document;
    const [fault] = validate.errors ?? [];
    throw refuse(`breaks its schema: ${fault?.instancePath ?? ''} ${fault?.message ?? ''}`);
  };
}

function versionOf(document: unknown): number {
  const version: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, 'schema_version') : undefined;
  return typeof version === 'number' ? version : Number.NaN;
}

// Fields that change with every version, or say nothing about the change.
type Bookkeeping = Readonly<{
  _id: string;
  schema_version: number;
  version: number;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
  unpublished: boolean;
  unaudited: boolean;
  audit: AuditDocument | null;
  workspace_id: string;
  state: string;
}>;

/** Definition of a kind. `D`: its own fields in the database, in addition to those of every document. */
export type Definition<T extends Versioned, D> = Omit<
  DocumentKind<T>,
  | 'schema'
  | 'indexes'
  | 'toDocument'
  | 'fromDocument'
  | 'consumerOf'
  | 'masks'
  | 'encodeCopy'
  | 'copyDigest'
  | 'decodeCopy'
> &
  Readonly<{
    /** JSON Schema of the kind's own fields. With a `consumer_id`, a key of one consumer sees only its documents. */
    fields: Readonly<Record<Extract<keyof D, string>, object>>;
    /** Indexes in addition to those of every kind: by workspace, by unpublished versions, by deletion time. */
    indexes?: readonly IndexKeys[];
    masks?: DocumentKind<T>['masks'];
    /** Fields that change without a version (`setFlags`), and their values in a copy, which belongs to a version. */
    unversioned?: Partial<Record<Extract<keyof D, string>, boolean>>;
    schemaVersion: number;
    /**
     * Migrations; `steps[1]` leads from schema version 1 to 2. A schema change adds a step; a document is rewritten at
     * its next change.
     */
    steps: Readonly<Record<number, MigrationStep>>;
    toFields(entity: T): D;
    fromFields(
      document: D & Pick<Bookkeeping, '_id' | 'state'>,
    ): Omit<T, Exclude<keyof Versioned, 'id' | 'state'>>;
  }>;

const commonIndexes: readonly IndexKeys[] = [
  { workspace_id: 1, _id: -1 },
  { unpublished: 1, _id: 1 },
  { unaudited: 1, _id: 1 },
  { state: 1, deleted_at_ms: 1 },
];

const bookkeepingOf = (entity: Versioned, schemaVersion: number): Bookkeeping => ({
  _id: entity.id,
  schema_version: schemaVersion,
  workspace_id: entity.workspaceId,
  state: entity.state,
  version: entity.version,
  created_at_ms: entity.createdAtMs,
  updated_at_ms: entity.updatedAtMs,
  deleted_at_ms: entity.deletedAtMs,
  unpublished: entity.isUnpublished,
  unaudited: entity.audit !== null,
  audit: entity.audit === null ? null : auditDocument(entity.audit),
});

/** The marks of a version that the topic and the audit log have. */
const settledMarks = { unpublished: false, unaudited: false, audit: null };

const versionedOf = (document: Bookkeeping): Omit<Versioned, 'id' | 'state'> => ({
  workspaceId: workspaceId(document.workspace_id),
  version: document.version,
  createdAtMs: document.created_at_ms,
  updatedAtMs: document.updated_at_ms,
  deletedAtMs: document.deleted_at_ms,
  isUnpublished: document.unpublished,
  audit: document.audit === null ? null : auditEntry(document.audit),
});

const bookkeepingSchema = (states: readonly string[], schemaVersion: number): Record<string, object> => ({
  _id: shape.text,
  schema_version: { const: schemaVersion },
  workspace_id: shape.text,
  state: { enum: states },
  version: { type: 'integer', minimum: 1 },
  created_at_ms: shape.count,
  updated_at_ms: shape.count,
  deleted_at_ms: shape.nullableCount,
  unpublished: shape.flag,
  unaudited: shape.flag,
  audit: { oneOf: [{ type: 'null' }, auditDocumentSchema] },
});

/** Returns a document kind from its definition. */
export function defineDocuments<T extends Versioned, D extends object>(
  definition: Definition<T, D>,
): DocumentKind<T> {
  const {
    fields,
    indexes = [],
    masks = {},
    unversioned = {},
    schemaVersion,
    steps,
    toFields,
    fromFields,
    ...kind
  } = definition;
  const schema = exactly({
    ...bookkeepingSchema(kind.states, schemaVersion),
    ...(fields as Record<string, object>),
  });
  const read = documentReader<D & Bookkeeping>({ name: kind.name, schema, schemaVersion, steps });
  const toDocument = (entity: T) => ({ ...bookkeepingOf(entity, schemaVersion), ...toFields(entity) });
  const fromDocument = (raw: unknown): T => {
    const document = read(raw);
    // The registry adds exactly the fields that the kind omits, so the result is complete.
    return { ...versionedOf(document), ...fromFields(document) } as unknown as T;
  };
  const copyOf = (entity: T): DocumentCopied => {
    const { unpublished: _, unaudited: __, audit: ___, ...document } = toDocument(entity);
    return { type: 'DocumentCopied.v1', kind: kind.name, document: { ...document, ...unversioned } };
  };
  return {
    ...kind,
    indexes: [...commonIndexes, ...indexes],
    masks,
    schema,
    toDocument,
    consumerOf: (entity) => {
      const { consumer_id: owner } = toFields(entity) as Readonly<{ consumer_id?: string | null }>;
      return owner == null ? null : consumerId(owner);
    },
    fromDocument,
    encodeCopy: (entity) => encodeDocumentCopy(copyOf(entity)),
    copyDigest: (entity) => digestOf(Buffer.from(textOfDocumentCopy(copyOf(entity)))),
    decodeCopy: (record) => fromDocument({ ...decodeDocumentCopy(record).document, ...settledMarks }),
  };
}

const bookkeepingFields: ReadonlySet<string> = new Set([
  '_id',
  'schema_version',
  'workspace_id',
  'version',
  'created_at_ms',
  'updated_at_ms',
  'deleted_at_ms',
  'unpublished',
  'unaudited',
  'audit',
]);

/** Returns the fields of a version that the audit log records: its state and the kind's own fields. */
export const auditedFields = <T extends Versioned>(
  kind: DocumentKind<T>,
  entity: T,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(kind.toDocument(entity)).filter(([name]) => !bookkeepingFields.has(name)),
  );

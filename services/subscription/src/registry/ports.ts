import type { ConsumerId, WorkspaceId } from '@tidings/contracts';
import type { AuditEntry } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

/** Scope of a key: a workspace, and in it everything or one consumer. Anything outside does not exist for the key. */
export type Scope = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId | null }>;

/**
 * Filter on the fields of documents. `in`: a field has one of these values, or is a list that contains one. `upTo`: a
 * field is a number of at most this value; null never matches. All conditions must match.
 */
export type Where = Readonly<{
  in?: Readonly<Record<string, readonly (string | boolean | null)[]>>;
  upTo?: Readonly<Record<string, number>>;
}>;

/** Position in a list ordered by id: the items after `afterId`, or from the beginning if it is null. */
export type PageRequest = Readonly<{ afterId: string | null; limit: number }>;

/** List request of a key. `order`: by ascending or descending id. */
export type ListQuery = PageRequest & Readonly<{ where: Where; order: 'rising' | 'falling' }>;

/** A page, and the id after which the next page begins; null on the last page. Unreadable documents are omitted. */
export type Listed<T> = Readonly<{ items: readonly T[]; nextAfterId: string | null }>;

/** Completed steps for a version. */
export type Settled = Readonly<{ isPublished: boolean; isAudited: boolean }>;

/**
 * Documents of one kind. Writes affect single documents: `replace` is compare-and-set on the version. Every method
 * rejects with AppError `unavailable` if the database does not respond; the outcome of a write is then unknown.
 */
export type DocumentStore<T extends Versioned> = Readonly<{
  /** Inserts a document. Returns false if the id is taken. */
  insert(entity: T): Promise<boolean>;
  /** Replaces version `expected` with `next`. Returns false if that is no longer the stored version. */
  replace(next: T, expected: number): Promise<boolean>;
  find(scope: Scope, id: string): Promise<T | null>;
  list(scope: Scope, query: ListQuery): Promise<Listed<T>>;
  /** Returns the number of matching documents in the scope, counting at most `atMost`. */
  count(scope: Scope, where: Where, atMost: number): Promise<number>;
  /** Finds a document in any workspace, for maintenance. */
  findAnywhere(id: string): Promise<T | null>;
  /** Lists the documents of all workspaces by ascending id. */
  listAll(request: PageRequest & Readonly<{ where?: Where }>): Promise<Listed<T>>;
  /** Stores the completed steps of this version; does nothing if there is a newer one. */
  settle(id: string, version: number, settled: Settled): Promise<void>;
  /**
   * Sets fields of the kind, by their database names, without creating a version; does nothing if there is a newer
   * version.
   */
  setFlags(id: string, version: number, fields: Readonly<Record<string, boolean>>): Promise<void>;
  /** Removes a deleted document permanently; does nothing if this is not the stored version. */
  purge(id: string, version: number): Promise<void>;
}>;

/** The compacted topic of a kind, and the one of the copies. All resolve when all in-sync replicas have the records; a rejection means unknown. */
export type DocumentTopic<T extends Versioned> = Readonly<{
  publish(entity: T): Promise<void>;
  /** Publishes the copy alone: readers of the kind have this version. */
  publishCopy(entity: T): Promise<void>;
  publishTombstone(id: string): Promise<void>;
}>;

/** A copy that cannot be restored, by its key. */
export type UnreadableCopy = Readonly<{ key: string; detail: string }>;

/** The newest copies of one kind, by id, and those that this release cannot read. */
export type Copies<T extends Versioned> = Readonly<{
  documents: ReadonlyMap<string, T>;
  unreadable: readonly UnreadableCopy[];
}>;

/** Filters of the audit log, which is listed newest first. Both times are exclusive. */
export type AuditQuery = Readonly<{
  kind: string | null;
  entityId: string | null;
  keyId: string | null;
  afterMs?: number | undefined;
  beforeMs?: number | undefined;
  afterId: string | null;
  limit: number;
}>;

/** The audit log. Entries are added and never changed. Rejects as a {@link DocumentStore} does. */
export type AuditLog = Readonly<{
  /** Adds an entry, marked as unpublished; an existing one stays unchanged. */
  append(entry: AuditEntry): Promise<void>;
  /** Adds an entry that its topic has. Returns false if the log has it. */
  restore(entry: AuditEntry): Promise<boolean>;
  list(scope: Scope, query: AuditQuery): Promise<Listed<AuditEntry>>;
  /** Returns the entry with this id, or null if the scope does not contain it. */
  find(scope: Scope, id: string): Promise<AuditEntry | null>;
  /** Lists entries that are marked as unpublished, oldest first. */
  listUnpublished(limit: number): Promise<readonly AuditEntry[]>;
  markPublished(ids: readonly string[]): Promise<void>;
  /** Lists the entries that follow the last copied one, by id; none once the whole log has been copied. */
  listUncopied(limit: number): Promise<readonly AuditEntry[]>;
  /** Stores the last entry that was copied; null: the whole log. */
  markCopied(afterId: string | null): Promise<void>;
}>;

import type { ConsumerId, WorkspaceId } from '@tidings/contracts';
import type { AuditEntry } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

/** How far a key sees: its workspace, and in it everything or one consumer. What lies outside does not exist for it. */
export type Scope = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId | null }>;

/**
 * Which documents are meant, by their own fields. `in`: a field has one of these values, or lists one of them. `upTo`: a
 * field is a number no larger than this; null is none. All of it has to hold.
 */
export type Where = Readonly<{
  in?: Readonly<Record<string, readonly (string | boolean | null)[]>>;
  upTo?: Readonly<Record<string, number>>;
}>;

/** A stretch of a list in the order of ids: what comes after `afterId`, which is null at the beginning. */
export type PageRequest = Readonly<{ afterId: string | null; limit: number }>;

/** What a key asks for. `order`: by rising or falling id. */
export type ListQuery = PageRequest & Readonly<{ where: Where; order: 'rising' | 'falling' }>;

/** A page, and the id after which the next one begins; null on the last. Documents that cannot be read are left out. */
export type Listed<T> = Readonly<{ items: readonly T[]; nextAfterId: string | null }>;

/** What has been done about a version. */
export type Settled = Readonly<{ isPublished: boolean; isAudited: boolean }>;

/**
 * The documents of one kind. Writes are of single documents: `replace` is compare-and-set on the version. Every method
 * rejects with AppError `unavailable` when the database does not answer; the outcome of a write is then unknown.
 */
export type DocumentStore<T extends Versioned> = Readonly<{
  /** False when the id is taken. */
  insert(entity: T): Promise<boolean>;
  /** Puts `next` in the place of version `expected`; false when that is not the stored one any more. */
  replace(next: T, expected: number): Promise<boolean>;
  find(scope: Scope, id: string): Promise<T | null>;
  list(scope: Scope, query: ListQuery): Promise<Listed<T>>;
  /** How many there are within reach, counted no further than `atMost`. */
  count(scope: Scope, where: Where, atMost: number): Promise<number>;
  /** In any workspace: for the work that keeps topic and registry together. */
  findAnywhere(id: string): Promise<T | null>;
  /** Of all workspaces, by rising id. */
  listAll(request: PageRequest & Readonly<{ where?: Where }>): Promise<Listed<T>>;
  /** Notes what is done about this version; does nothing when there is a newer one. */
  settle(id: string, version: number, settled: Settled): Promise<void>;
  /**
   * Puts fields of the kind's own, by their names in the database, beside this version without making another; does
   * nothing when there is a newer one.
   */
  setFlags(id: string, version: number, fields: Readonly<Record<string, boolean>>): Promise<void>;
  /** Removes a deleted one for good; does nothing when that is not the stored version. */
  purge(id: string, version: number): Promise<void>;
}>;

/** The compacted topic. Both resolve when all in-sync replicas have it; a rejection means unknown. */
export type DocumentTopic<T extends Versioned> = Readonly<{
  publish(entity: T): Promise<void>;
  publishTombstone(id: string): Promise<void>;
}>;

/** Which entries of the audit log are shown, newest first; neither of the two times is in what is shown. */
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
  /** Adds an entry; one that is there already stays as it is. */
  append(entry: AuditEntry): Promise<void>;
  list(scope: Scope, query: AuditQuery): Promise<Listed<AuditEntry>>;
}>;

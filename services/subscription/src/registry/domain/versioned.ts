import type { WorkspaceId } from '@tidings/contracts';
import type { AuditEntry } from './audit-entry.ts';

/**
 * Fields of every registry document. Every change creates the next version; existing versions never change. A deletion
 * is a version too, and the last one.
 */
export type Versioned = Readonly<{
  /** Unique among the documents of its kind. */
  id: string;
  workspaceId: WorkspaceId;
  /** `deleted` is the final state of every kind. */
  state: string;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  deletedAtMs: number | null;
  /** True until the topic has acknowledged this version. */
  isUnpublished: boolean;
  /** Audit entry of the change that created this version; null once the audit log has it. */
  audit: AuditEntry | null;
}>;

/** Returns the registry's own fields of a new document. */
export const firstVersion = (
  nowMs: number,
): Pick<
  Versioned,
  'version' | 'createdAtMs' | 'updatedAtMs' | 'deletedAtMs' | 'isUnpublished' | 'audit'
> => ({
  version: 1,
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  deletedAtMs: null,
  isUnpublished: true,
  audit: null,
});

/** Returns the next version, with `change` applied. */
export const nextVersion = <T extends Versioned>(current: T, change: Partial<T>, nowMs: number): T => ({
  ...current,
  ...change,
  version: current.version + 1,
  updatedAtMs: nowMs,
  isUnpublished: true,
});

/**
 * Returns the same content under a version above one that readers of the topic hold. Needed after the database was
 * restored from a backup: readers ignore versions that are not newer than the one they hold.
 */
export const raisedAbove = <T extends Versioned>(current: T, version: number, nowMs: number): T => ({
  ...nextVersion(current, {}, nowMs),
  version: Math.max(current.version, version) + 1,
});

// Deleted documents are kept this long, so that their pending deliveries are suppressed rather than treated as unknown.
const deletedRetentionMs = 15 * 24 * 3_600_000;

/** Returns the deletion time at or before which documents are purged. */
export const purgedUpToMs = (nowMs: number): number => nowMs - deletedRetentionMs - 1;

/** Returns true for a document that is due for the purge, which removes its record first and then the document. */
export const isDueForPurge = ({ state, deletedAtMs }: Versioned, nowMs: number): boolean =>
  state === 'deleted' && deletedAtMs !== null && deletedAtMs <= purgedUpToMs(nowMs);

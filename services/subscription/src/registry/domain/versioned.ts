import type { WorkspaceId } from '@tidings/contracts';
import type { AuditEntry } from './audit-entry.ts';

/**
 * What every document of the registry has, whatever it is of. Every change makes the next version; none is ever
 * altered. A delete is a version too, and the last one.
 */
export type Versioned = Readonly<{
  /** Names it among the documents of its kind. */
  id: string;
  workspaceId: WorkspaceId;
  /** `deleted` is the end in every kind. */
  state: string;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  deletedAtMs: number | null;
  /** True until the topic has acknowledged this version. */
  isUnpublished: boolean;
  /** What made this version; null from when the audit log has it. */
  audit: AuditEntry | null;
}>;

/** What the registry itself writes into a new document. */
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

/** The next version, with what changed in it. */
export const nextVersion = <T extends Versioned>(current: T, change: Partial<T>, nowMs: number): T => ({
  ...current,
  ...change,
  version: current.version + 1,
  updatedAtMs: nowMs,
  isUnpublished: true,
});

/**
 * The same as it is, under a version above one that readers of the topic hold: when the database was restored from a
 * backup, nothing below that version would be taken for news.
 */
export const raisedAbove = <T extends Versioned>(current: T, version: number, nowMs: number): T => ({
  ...nextVersion(current, {}, nowMs),
  version: Math.max(current.version, version) + 1,
});

// So long a deleted one stays known, so that what waits for it is suppressed and not taken for unknown.
const deletedRetentionMs = 15 * 24 * 3_600_000;

/** What was deleted at this time or before it is removed for good. */
export const purgedUpToMs = (nowMs: number): number => nowMs - deletedRetentionMs - 1;

/** True for what the purge removes, first its record and then itself, if it has not begun to. */
export const isDueForPurge = ({ state, deletedAtMs }: Versioned, nowMs: number): boolean =>
  state === 'deleted' && deletedAtMs !== null && deletedAtMs <= purgedUpToMs(nowMs);

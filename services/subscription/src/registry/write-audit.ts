import { createHash, randomUUID } from 'node:crypto';
import { auditedFields } from './define-documents.ts';
import type { Documents } from './documents.ts';
import { type Actor, type AuditEntry, changedFields } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

/**
 * Returns the id of an entry that a run makes. Ordered by time, and within a millisecond by version, so that the entries
 * of a document follow its versions.
 */
export const entryIdOf = (entry: EntityRef & Pick<AuditEntry, 'atMs' | 'version'>, runId: string): string =>
  `aud_${hex(entry.atMs, 12)}${hex(entry.version, 8)}${endOf(entry, runId)}`;

type EntityRef = Pick<AuditEntry, 'kind' | 'entityId'>;

// Identifies the request that made an entry within the id, because older releases could not read an additional field.
const endOf = ({ kind, entityId }: EntityRef, runId: string): string =>
  createHash('sha256')
    .update(JSON.stringify([runId, kind, entityId]))
    .digest('hex')
    .slice(0, 12);

/** Returns true if a run of this request made this audit entry. */
export const isEntryOf = (entry: AuditEntry, runId: string): boolean =>
  entry.id.endsWith(endOf(entry, runId));

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A change to write. `current`: the version before, null for a new document; `next`: the version that it creates. */
export type Change<T> = Readonly<{ operation: string; by: Actor; current: T | null; next: T }>;

/**
 * Returns the next version with its audit entry inside, so that one write stores both. It replaces the entry of the
 * version before, which is therefore copied to the log first if it is not there yet.
 */
export async function withAudit<T extends Versioned>(
  { kind, audit, clock }: Pick<Documents<T>, 'kind' | 'audit' | 'clock'>,
  { operation, by, current, next }: Change<T>,
): Promise<T> {
  if (current !== null && current.audit !== null) await audit.append(current.audit);
  const position = { kind: kind.name, entityId: next.id, atMs: clock.nowMs(), version: next.version };
  const before = current === null ? null : auditedFields(kind, current);
  return {
    ...next,
    audit: {
      ...position,
      id: entryIdOf(position, by.run?.id ?? randomUUID()),
      operation,
      workspaceId: next.workspaceId,
      consumerId: kind.consumerOf(next),
      actor: { keyId: by.keyId, address: by.address },
      ...changedFields(before, auditedFields(kind, next), kind.masks),
    },
  };
}

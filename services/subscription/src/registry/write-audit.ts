import { createHash, randomUUID } from 'node:crypto';
import { auditedFields } from './define-documents.ts';
import type { Documents } from './documents.ts';
import { type Actor, type AuditEntry, changedFields } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

// By time, and within a millisecond by version, so that the entries of a document are in the order of its versions.
const entryId = (entry: Place & Pick<AuditEntry, 'atMs' | 'version'>, runId: string): string =>
  `aud_${hex(entry.atMs, 12)}${hex(entry.version, 8)}${endOf(entry, runId)}`;

type Place = Pick<AuditEntry, 'kind' | 'entityId'>;

// Tells by which request an entry was made: no field of its own is needed, which older releases could not read.
const endOf = ({ kind, entityId }: Place, runId: string): string =>
  createHash('sha256')
    .update(JSON.stringify([runId, kind, entityId]))
    .digest('hex')
    .slice(0, 12);

/** Returns true for the entry of a change that a run of this request made to this document. */
export const isEntryOf = (entry: AuditEntry, runId: string): boolean =>
  entry.id.endsWith(endOf(entry, runId));

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A change on its way into the registry: the version before, null for a new document, and the one that it makes. */
export type Change<T> = Readonly<{ operation: string; by: Actor; current: T | null; next: T }>;

/**
 * The next version with its audit entry in it, so that one write holds both. The entry of the version before gives way
 * to it, and is therefore copied to the log first if it is not there yet.
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
      id: entryId(position, by.run?.id ?? randomUUID()),
      operation,
      workspaceId: next.workspaceId,
      consumerId: kind.consumerOf(next),
      actor: { keyId: by.keyId, address: by.address },
      ...changedFields(before, auditedFields(kind, next), kind.masks),
    },
  };
}

import { randomBytes } from 'node:crypto';
import { auditedFields } from './define-documents.ts';
import type { Documents } from './documents.ts';
import { type Actor, changedFields } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';

// By time, and within a millisecond by version, so that the entries of a document are in the order of its versions.
const entryId = (atMs: number, version: number): string =>
  `aud_${hex(atMs, 12)}${hex(version, 8)}${randomBytes(6).toString('hex')}`;

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
  const atMs = clock.nowMs();
  const before = current === null ? null : auditedFields(kind, current);
  return {
    ...next,
    audit: {
      id: entryId(atMs, next.version),
      atMs,
      operation,
      kind: kind.name,
      entityId: next.id,
      workspaceId: next.workspaceId,
      consumerId: kind.consumerOf(next),
      version: next.version,
      actor: by,
      ...changedFields(before, auditedFields(kind, next), kind.masks),
    },
  };
}

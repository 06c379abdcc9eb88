import type { ConsumerId, WorkspaceId } from '@tidings/contracts';

/**
 * Author of a change: a key and its client address, or Tidings itself if both are null. `run`: the run of the request,
 * so that a run after a crash finds the writes of the run before it.
 */
export type Actor = Readonly<{
  keyId: string | null;
  address: string | null;
  run?: Readonly<{ id: string; isRepeat: boolean }>;
}>;

/** The actor of changes that Tidings makes itself, such as those of maintenance tasks. */
export const systemActor: Actor = { keyId: null, address: null };

/** Fields of a change, with the names of the kind's documents. */
export type Fields = Readonly<Record<string, unknown>>;

/** The kind of the entries about erasures, which are no documents of the registry. */
export const erasureKindName = 'erasure';

/** One change: author, operation, time, client address, and the fields before and after. */
export type AuditEntry = Readonly<{
  /** Later entries have larger ids. */
  id: string;
  atMs: number;
  operation: string;
  kind: string;
  entityId: string;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  version: number;
  actor: Actor;
  /** Previous values of the changed fields; null at creation. */
  before: Fields | null;
  after: Fields;
}>;

/** Maskers of fields with secrets. Other fields are shown unchanged. */
export type Masks = Readonly<Record<string, (value: unknown) => unknown>>;

/** Placeholder for a secret. */
export const masked = '***';

const shown = (fields: Fields, names: readonly string[], masks: Masks): Fields =>
  Object.fromEntries(names.map((name) => [name, masks[name]?.(fields[name]) ?? fields[name]]));

/** Returns the fields that differ between two versions, secrets masked: a changed secret shows as changed only. */
export function changedFields(
  before: Fields | null,
  after: Fields,
  masks: Masks,
): Pick<AuditEntry, 'before' | 'after'> {
  if (before === null) return { before: null, after: shown(after, Object.keys(after), masks) };
  const changed = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  return { before: shown(before, changed, masks), after: shown(after, changed, masks) };
}

import type { ConsumerId, WorkspaceId } from '@tidings/contracts';

/**
 * Who makes a change: a key and the address it is used from. Both null: Tidings itself. `run`: which run of which request,
 * so that a run after a crash finds what the one before it wrote.
 */
export type Actor = Readonly<{
  keyId: string | null;
  address: string | null;
  run?: Readonly<{ id: string; isRepeat: boolean }>;
}>;

/** The service itself, at its recurring work. */
export const ourselves: Actor = { keyId: null, address: null };

/** The fields that a change concerns, as the documents of the kind name them. */
export type Fields = Readonly<Record<string, unknown>>;

/** One change: who, what, when, from where, before and after. */
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
  /** The fields that changed, as they were; null at creation. */
  before: Fields | null;
  after: Fields;
}>;

/** How the values of fields that must not be told are shown. What is not named is shown as it is. */
export type Masks = Readonly<Record<string, (value: unknown) => unknown>>;

/** Stands where a secret would. */
export const masked = '***';

const shown = (fields: Fields, names: readonly string[], masks: Masks): Fields =>
  Object.fromEntries(names.map((name) => [name, masks[name]?.(fields[name]) ?? fields[name]]));

/** What differs between two versions, secrets masked: a changed secret shows as changed, and as nothing else. */
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

import type { SubscriptionRecord } from '@tidings/contracts';
import type { Table } from '@tidings/kafka';
import type { SubscriptionDirectory } from '../ports.ts';

/**
 * Wraps the subscriptions table with endpoint responses that the registry has not recorded yet. A mark
 * applies to its version and older ones, and is removed when the registry writes a newer version.
 */
export const createSubscriptionDirectory = (
  table: Pick<Table<SubscriptionRecord>, 'get'>,
  onGone: (id: string) => void,
): SubscriptionDirectory => {
  const goneVersions = new Map<string, number>();
  /** The disabled record of each marked version, created once. */
  const disabled = new WeakMap<SubscriptionRecord, SubscriptionRecord>();
  const disabledOf = (known: SubscriptionRecord): SubscriptionRecord => {
    if (known.state !== 'active') return known;
    const made = disabled.get(known) ?? { ...known, state: 'disabled', disabledReason: 'gone' };
    disabled.set(known, made);
    return made;
  };
  return {
    find: (id) => {
      const known = table.get(id);
      if (goneVersions.size === 0 || known === undefined) return known;
      const version = goneVersions.get(id);
      if (version === undefined) return known;
      if (known.version <= version) return disabledOf(known);
      goneVersions.delete(id);
      return known;
    },
    markGone: (id, version) => {
      if (version <= (goneVersions.get(id) ?? 0)) return;
      goneVersions.set(id, version);
      onGone(id);
    },
  };
};

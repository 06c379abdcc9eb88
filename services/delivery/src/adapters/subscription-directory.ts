import type { SubscriptionRecord } from '@tidings/contracts';
import type { Table } from '@tidings/kafka';
import type { SubscriptionDirectory } from '../ports.ts';

/**
 * The subscriptions table, with what endpoints said of themselves and the registry does not know yet. A mark holds for its
 * version and older ones, and goes when the registry has written a newer one.
 */
export const createSubscriptionDirectory = (
  table: Pick<Table<SubscriptionRecord>, 'get'>,
  onGone: (id: string) => void,
): SubscriptionDirectory => {
  const goneVersions = new Map<string, number>();
  /** The record that a mark makes of a version, once for each. */
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

import type { SubscriptionRecord } from '@tidings/contracts';
import type { Table } from '@tidings/kafka';
import type { SubscriptionDirectory } from '../ports.ts';

/** The subscriptions table, with what endpoints said of themselves and the registry does not know yet. */
export const createSubscriptionDirectory = (
  table: Pick<Table<SubscriptionRecord>, 'get'>,
  onGone: (id: string) => void,
): SubscriptionDirectory => {
  const gone = new Map<string, SubscriptionRecord>();
  return {
    find: (id) => {
      const known = table.get(id);
      if (gone.size === 0 || known === undefined) return known;
      const disabled = gone.get(id);
      if (disabled === undefined) return known;
      if (known.version <= disabled.version) return disabled;
      gone.delete(id);
      return known;
    },
    markGone: (subscription) => {
      gone.set(subscription.id, { ...subscription, state: 'disabled', disabledReason: 'gone' });
      onGone(subscription.id);
    },
  };
};

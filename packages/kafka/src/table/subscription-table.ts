import {
  decodeSubscription,
  type SubscriptionId,
  type SubscriptionRecord,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import type { Bus, Table } from '../bus.ts';

export type SubscriptionTableOptions<V> = Readonly<{
  /** Name of the reading service in log lines. */
  service: string;
  /** Returns the fields that the service requires. The others, secrets for example, do not stay in memory. */
  select: (record: SubscriptionRecord) => V;
  /** Called after each applied change; an undefined `value` means removed. */
  onChange: (id: SubscriptionId, value: V | undefined) => void;
}>;

/** Opens the table of the subscriptions, which follows their compacted topic. The newest version of each wins. */
export const openSubscriptionTable = async <V>(
  bus: Pick<Bus, 'table'>,
  { service, select, onChange }: SubscriptionTableOptions<V>,
): Promise<Table<V>> =>
  bus.table<V>({
    topic: topics.subscriptions,
    service,
    decode: (record) => {
      const subscription = decodeSubscription(record);
      return { key: subscription.id, version: subscription.version, value: select(subscription) };
    },
    onChange: (key, value) => onChange(subscriptionId(key), value),
  });

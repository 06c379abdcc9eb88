import { decodeSubscription, subscriptionId, topics } from '@tidings/contracts';
import type { Bus, Table } from '@tidings/kafka';
import type { MatchIndex, MatchRule } from '../domain/match-index.ts';

/** Keeps the match index in sync with the compacted topic. */
export const openSubscriptionTable = async (
  bus: Pick<Bus, 'table'>,
  index: MatchIndex,
): Promise<Table<MatchRule>> =>
  bus.table<MatchRule>({
    topic: topics.subscriptions,
    service: 'fanout',
    decode: (record) => {
      // URL, secrets and headers are dropped here: fan-out does not need them.
      const { id, version, workspaceId, consumerId, kind, state, events, filters, format } =
        decodeSubscription(record);
      const value = { id, version, workspaceId, consumerId, kind, state, events, filters, format };
      return { key: id, version, value };
    },
    onChange: (key, rule) => {
      if (rule === undefined) index.remove(subscriptionId(key));
      else index.put(rule);
    },
  });

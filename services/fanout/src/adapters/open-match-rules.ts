import { type Bus, openSubscriptionTable, type Table } from '@tidings/kafka';
import type { MatchIndex, MatchRule } from '../domain/match-index.ts';

/** Opens the table of match rules and keeps the index in sync with it. */
export const openMatchRules = async (bus: Pick<Bus, 'table'>, index: MatchIndex): Promise<Table<MatchRule>> =>
  openSubscriptionTable<MatchRule>(bus, {
    service: 'fanout',
    // URL, secrets and headers are dropped here: fan-out does not need them.
    select: ({ id, version, workspaceId, consumerId, kind, state, events, audience, ...rest }) => {
      const { filters, format, ordering, largePayloads } = rest;
      return {
        ...{ id, version, workspaceId, consumerId, kind, state, events, filters, format, ordering },
        ...(audience !== undefined && { audience }),
        ...(largePayloads !== undefined && { largePayloads }),
      };
    },
    onChange: (id, rule) => {
      if (rule === undefined) index.remove(id);
      else index.put(rule);
    },
  });

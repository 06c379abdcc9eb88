import type { EventId } from '@tidings/contracts';
import type { ReceivedWebhook } from '../../src/received/domain/received-webhook.ts';
import type { ReceivedFilters, ReceivedStore } from '../../src/received/ports.ts';

const matches = (webhook: ReceivedWebhook, filters: ReceivedFilters): boolean =>
  webhook.workspaceId === filters.workspaceId &&
  webhook.sourceId === filters.sourceId &&
  (filters.outcome === undefined || webhook.outcome === filters.outcome) &&
  (filters.reason === undefined || webhook.reason === filters.reason) &&
  (filters.eventType === undefined || webhook.eventType === filters.eventType) &&
  (filters.eventId === undefined || webhook.eventIds.includes(filters.eventId)) &&
  webhook.atMs > (filters.afterMs ?? -Infinity) &&
  webhook.atMs < (filters.beforeMs ?? Infinity);

/** The received webhooks in memory. `all` returns them. */
export const createMemoryReceivedStore = (): ReceivedStore & { all(): readonly ReceivedWebhook[] } => {
  const kept = new Map<string, ReceivedWebhook>();
  const oldestFirst = (): ReceivedWebhook[] => [...kept.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    all: oldestFirst,
    insert: async (webhooks) => {
      for (const webhook of webhooks) if (!kept.has(webhook.id)) kept.set(webhook.id, webhook);
    },
    firstsOf: async (events) => {
      const firsts = new Map<EventId, string>();
      for (const { id, eventIds, outcome } of oldestFirst().toReversed())
        if (outcome === 'accepted')
          for (const event of eventIds) if (events.includes(event)) firsts.set(event, id);
      return firsts;
    },
    list: async (filters, { limit, afterId }) =>
      oldestFirst()
        .toReversed()
        .filter((webhook) => matches(webhook, filters) && (afterId === null || webhook.id < afterId))
        .slice(0, limit),
    workspaces: async () => [...new Set([...kept.values()].map(({ workspaceId }) => workspaceId))],
    purge: async (workspace, beforeMs, limit) => {
      const expired = oldestFirst().filter(
        ({ workspaceId, atMs }) => workspaceId === workspace && atMs < beforeMs,
      );
      for (const { id } of expired.slice(0, limit)) kept.delete(id);
      return Math.min(limit, expired.length);
    },
  };
};

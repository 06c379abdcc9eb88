import type { AuditFilters, AuditStore, StoredAudit } from '../../src/audit/ports.ts';

const matches = ({ entry }: StoredAudit, filters: AuditFilters): boolean =>
  entry.workspaceId === filters.workspaceId &&
  (filters.ownerId === null || entry.consumerId === filters.ownerId) &&
  (filters.kind === undefined || entry.kind === filters.kind) &&
  (filters.entityId === undefined || entry.entityId === filters.entityId) &&
  (filters.keyId === undefined || entry.actor.keyId === filters.keyId) &&
  (filters.afterMs === undefined || entry.atMs > filters.afterMs) &&
  (filters.beforeMs === undefined || entry.atMs < filters.beforeMs);

/** The audit log of the read model in memory. */
export const createMemoryAuditStore = (): AuditStore => {
  const kept = new Map<string, StoredAudit>();
  return {
    insert: async (entries) => {
      for (const stored of entries) if (!kept.has(stored.entry.id)) kept.set(stored.entry.id, stored);
    },
    nextOffset: async () => Math.max(-1, ...[...kept.values()].map(({ offset }) => offset)) + 1,
    list: async (filters, { limit, afterId }) =>
      [...kept.values()]
        .filter((stored) => matches(stored, filters) && (afterId === null || stored.entry.id < afterId))
        .map(({ entry }) => entry)
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit),
    count: async (filters) => [...kept.values()].filter((stored) => matches(stored, filters)).length,
  };
};

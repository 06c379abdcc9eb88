import { isNewerRun, type RunId } from '@tidings/contracts';
import { erasedRun, type StoredRun, stepCountsOf } from '../../src/runs/domain/run.ts';
import type { RunFilters, RunStore, RunSummary } from '../../src/runs/ports.ts';

const matches = ({ event, ...run }: StoredRun, filters: RunFilters): boolean =>
  event.workspaceId === filters.workspaceId &&
  (filters.statuses === undefined || filters.statuses.includes(run.status)) &&
  (filters.app === undefined || run.app === filters.app) &&
  (filters.handler === undefined || run.handler === filters.handler) &&
  (filters.eventId === undefined || event.id === filters.eventId) &&
  (filters.consumerId === undefined || event.consumerId === filters.consumerId) &&
  (filters.orderingKey === undefined || event.orderingKey === filters.orderingKey) &&
  (filters.reason === undefined || run.failure?.reason === filters.reason) &&
  (filters.step === undefined || run.failure?.step === filters.step) &&
  run.startedAtMs > (filters.startedAfterMs ?? -Infinity) &&
  run.startedAtMs < (filters.startedBeforeMs ?? Infinity);

const summaryOf = ({ steps, event, ...run }: StoredRun): RunSummary => ({
  ...run,
  event: {
    ...{ id: event.id, type: event.type, workspaceId: event.workspaceId, consumerId: event.consumerId },
    ...{ orderingKey: event.orderingKey, acceptedAtMs: event.acceptedAtMs },
  },
  stepCounts: stepCountsOf({ steps }),
});

const newestFirst = (a: StoredRun, b: StoredRun): number =>
  b.startedAtMs - a.startedAtMs || (a.runId < b.runId ? 1 : -1);

/** Runs in memory. `all` returns them. */
export const createMemoryRunStore = (): RunStore & { all(): readonly StoredRun[] } => {
  const kept = new Map<RunId, StoredRun>();
  const all = (): StoredRun[] => [...kept.values()].toSorted(newestFirst);
  return {
    all,
    versions: async (ids) =>
      new Map(
        ids.flatMap((id) => {
          const run = kept.get(id);
          if (run === undefined) return [];
          const { epoch, sequence, status } = run;
          return [[id, { epoch, sequence, status }] as const];
        }),
      ),
    put: async (runs) => {
      for (const run of runs) {
        const known = kept.get(run.runId);
        if (known === undefined || isNewerRun(run, known)) kept.set(run.runId, run);
      }
    },
    erase: async (ids) => {
      const found = ids.flatMap((id) => kept.get(id) ?? []).filter(({ isErased }) => isErased !== true);
      for (const run of found) kept.set(run.runId, erasedRun(run));
      return found.length;
    },
    find: async (id, workspace) => {
      const run = kept.get(id);
      return run?.event.workspaceId === workspace ? run : null;
    },
    list: async (filters, { limit, after, isOldestFirst = false }) => {
      const isBehind = ({ startedAtMs, runId }: StoredRun): boolean => {
        if (after === null || (startedAtMs === after.startedAtMs && runId === after.id))
          return after === null;
        const isOlder =
          startedAtMs < after.startedAtMs || (startedAtMs === after.startedAtMs && runId < after.id);
        return isOlder !== isOldestFirst;
      };
      const found = all().filter((run) => matches(run, filters) && isBehind(run));
      return (isOldestFirst ? found.toReversed() : found).slice(0, limit).map(summaryOf);
    },
    count: async (filters) => all().filter((run) => matches(run, filters)).length,
    workspaces: async () => [...new Set(all().map(({ event }) => event.workspaceId))],
    purge: async (workspace, beforeMs, limit) => {
      const expired = all().filter(
        ({ event, recordedAtMs }) => event.workspaceId === workspace && recordedAtMs < beforeMs,
      );
      for (const { runId } of expired.slice(0, limit)) kept.delete(runId);
      return Math.min(limit, expired.length);
    },
  };
};

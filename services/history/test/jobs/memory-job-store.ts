import type { TenantScope } from '../../src/domain/tenant-scope.ts';
import { hasEnded, type Job } from '../../src/jobs/domain/job.ts';
import type { JobCount, JobStore } from '../../src/jobs/ports.ts';

const isBefore = (a: Job, b: Pick<Job, 'createdAtMs' | 'id'>): boolean =>
  a.createdAtMs < b.createdAtMs || (a.createdAtMs === b.createdAtMs && a.id < b.id);

const canSee = (job: Job, { workspaceId, ownerId }: TenantScope): boolean =>
  job.workspaceId === workspaceId && (ownerId === null || job.ownerId === ownerId);

/** Jobs in memory. `fail` makes the next calls reject; `all` returns the stored ones. */
export const createMemoryJobStore = (): JobStore & {
  all(): readonly Job[];
  fail(error: Error, times: number): void;
} => {
  const kept = new Map<string, Job>();
  let failures: Error[] = [];
  const ready = (): void => {
    const error = failures.pop();
    if (error !== undefined) throw error;
  };
  const set = (id: string, isFrom: (job: Job) => boolean, fields: Partial<Job>) => {
    ready();
    const job = kept.get(id);
    if (job === undefined || !isFrom(job)) return false;
    // As documents do, jobs share no value with their callers.
    kept.set(id, structuredClone({ ...job, ...fields }));
    return true;
  };
  return {
    all: () => [...kept.values()],
    fail: (error, times) => {
      failures = Array.from({ length: times }, () => error);
    },
    insert: async (job) => {
      ready();
      if (kept.has(job.id)) return false;
      kept.set(job.id, structuredClone(job));
      return true;
    },
    find: async (id, scope) => {
      const job = kept.get(id);
      return job !== undefined && canSee(job, scope) ? job : null;
    },
    findAnywhere: async (id) => {
      ready();
      return kept.get(id) ?? null;
    },
    list: async ({ kind, state, ...scope }, { limit, after }) =>
      [...kept.values()]
        .filter((job) => canSee(job, scope) && (after === null || isBefore(job, after)))
        .filter((job) => kind === undefined || job.kind === kind)
        .filter((job) => state === undefined || job.state === state)
        .toSorted((a, b) => (isBefore(a, b) ? 1 : -1))
        .slice(0, limit),
    known: async (ids) => new Set(ids.filter((id) => kept.has(id))),
    listDue: async (kinds, nowMs, limit) => {
      ready();
      return [...kept.values()]
        .filter(({ isDue, claimedUntilMs }) => isDue && claimedUntilMs < nowMs)
        .filter(({ kind }) => kinds.includes(kind))
        .toSorted((a, b) => a.claimedUntilMs - b.claimedUntilMs)
        .slice(0, limit);
    },
    claim: async ({ id, claim, revision }, claimed) =>
      set(id, (one) => one.claim === claim && one.revision === revision && one.isDue, claimed),
    renew: async ({ id, claim }, claimedUntilMs) => set(id, (one) => one.claim === claim, { claimedUntilMs }),
    save: async (job) => set(job.id, (one) => one.claim === job.claim && one.revision === job.revision, job),
    handedOver: async ({ id, claim, revision }) =>
      set(id, (one) => one.claim === claim && one.revision === revision, { isDue: false, claimedUntilMs: 0 }),
    change: async ({ id, revision, state }, change) =>
      set(id, (one) => one.revision === revision && one.state === state, {
        ...change,
        revision: revision + 1,
      }),
    saveProgress: async ({ id, revision, progressOffset }, next) =>
      set(id, (one) => one.revision === revision && one.progressOffset === progressOffset, {
        state: next.state,
        checkpoint: next.checkpoint,
        total: next.total,
        done: next.done,
        counts: next.counts,
        pace: next.pace,
        startedAtMs: next.startedAtMs,
        endedAtMs: next.endedAtMs,
        error: next.error,
        progressOffset: next.progressOffset,
      }),
    countOpen: async () => {
      ready();
      const counts = new Map<string, JobCount>();
      for (const { kind, state } of [...kept.values()].filter((job) => !hasEnded(job))) {
        const name = `${kind} ${state}`;
        counts.set(name, { kind, state, count: (counts.get(name)?.count ?? 0) + 1 });
      }
      return [...counts.values()];
    },
    workspaces: async () => [...new Set([...kept.values()].map(({ workspaceId }) => workspaceId))],
    listEnded: async (workspace, beforeMs, limit) =>
      [...kept.values()]
        .filter(({ workspaceId }) => workspaceId === workspace)
        .filter(({ isDue, endedAtMs }) => !isDue && endedAtMs !== null && endedAtMs < beforeMs)
        .slice(0, limit)
        .map(({ id, kind }) => ({ id, kind })),
    remove: async (ids) => {
      for (const id of ids) kept.delete(id);
    },
  };
};

import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically, sleep } from '@tidings/runtime';
import type { Retention } from './retention.ts';

/** Removes up to `limit` of the expired; returns their number. */
type Step = (limit: number) => Promise<number>;

/** The kinds of purged data, in the order in which their first purges follow one another. */
const purgedKinds = [
  'deliveries',
  'events',
  'dead-letters',
  'retries',
  'jobs',
  'statistics',
  'statistics-of-workspaces',
  'received',
  'idempotency-keys',
  'runs',
] as const;

/**
 * Options of a purge. `name` is the kind of purged data, also for log events. `steps` returns the steps of one run, each of
 * which is repeated until it finds no more.
 */
type PurgeTask = Readonly<{
  name: (typeof purgedKinds)[number];
  steps: () => Promise<readonly Step[]>;
  intervalMs: number;
  clock: Clock;
  logger: Logger;
  onPurged?: (count: number) => void;
}>;

/** Options of a purge by one age. */
export type PurgeOptions = Omit<PurgeTask, 'steps'> &
  Readonly<{
    store: Readonly<{ purge(beforeMs: number, limit: number): Promise<number> }>;
    retentionMs: number;
  }>;

/** Data that is purged by the retention of its workspace; null: of no known workspace. */
export type PurgedByWorkspace = Readonly<{
  /** Returns the workspaces that have any. */
  workspaces(): Promise<readonly (string | null)[]>;
  /** Removes up to `limit` of a workspace from before that time; returns their number. */
  purge(workspaceId: string | null, beforeMs: number, limit: number): Promise<number>;
}>;

/** Options of a purge by the retention of each workspace. `retentionMs`: of those without a setting of their own. */
export type WorkspacePurgeOptions = Omit<PurgeTask, 'steps'> &
  Readonly<{
    store: PurgedByWorkspace;
    retention: Pick<Retention, 'ready' | 'lengthMs'>;
    retentionMs: number;
  }>;

// Small enough that a step does not delay the projection, which the rest after each step leaves most of the time to.
const chunk = 500;
const restFactor = 3;
// By then MongoDB is connected, and a service that restarts often still purges. All at once would hold up MongoDB.
const firstRunMs = 60_000;
const betweenFirstRunsMs = 20_000;

/** Removes everything that has expired, in steps; returns the number of removals. */
const runSteps = async ({ steps, clock }: PurgeTask, isStopped: () => boolean): Promise<number> => {
  let removed = 0;
  for (const step of await steps()) {
    for (let count = chunk; count >= chunk && !isStopped(); ) {
      const startMs = clock.monotonicMs();
      count = await step(chunk);
      removed += count;
      const tookMs = clock.monotonicMs() - startMs;
      if (count > 0 && tookMs > 0) await sleep(clock, restFactor * tookMs);
    }
  }
  return removed;
};

const start = (task: PurgeTask): (() => void) => {
  const { name, intervalMs, clock, logger, onPurged } = task;
  const run = async (isStopped: () => boolean): Promise<void> => {
    try {
      const removed = await runSteps(task, isStopped);
      onPurged?.(removed);
      if (removed > 0) logger.info({ removed }, `${name}.purged`);
    } catch (error) {
      // The next purge finds the same ones again.
      logger.warn({ detail: messageOf(error) }, `${name}.not-purged`);
    }
  };
  return runPeriodically({
    clock,
    firstMs: Math.min(firstRunMs + purgedKinds.indexOf(name) * betweenFirstRunsMs, intervalMs),
    everyMs: intervalMs,
    run,
  });
};

/** Purges one to four minutes after the start and then at each interval. Returns a function that stops it. */
export const purgeExpired = ({ store, retentionMs, ...task }: PurgeOptions): (() => void) =>
  start({
    ...task,
    steps: async () => {
      const beforeMs = task.clock.nowMs() - retentionMs;
      return [async (limit) => store.purge(beforeMs, limit)];
    },
  });

/**
 * Purges what has passed the retention of its workspace, as {@link purgeExpired} does. Ages are compared at each run, so
 * a changed setting applies to what was stored before.
 */
export const purgeByRetention = ({
  store,
  retention,
  retentionMs,
  ...task
}: WorkspacePurgeOptions): (() => void) =>
  start({
    ...task,
    steps: async () => {
      await retention.ready();
      const nowMs = task.clock.nowMs();
      return (await store.workspaces()).map((workspace) => {
        const beforeMs = nowMs - retention.lengthMs(workspace, retentionMs);
        return async (limit) => store.purge(workspace, beforeMs, limit);
      });
    },
  });

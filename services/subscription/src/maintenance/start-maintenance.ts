import type { ServiceContext } from '@tidings/observability';
import type { PeriodicTask } from '@tidings/runtime';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { compareTopic } from '../registry/maintenance/compare-topic.ts';
import { purgeDeleted } from '../registry/maintenance/purge-deleted.ts';
import { republishSuperseded } from '../registry/maintenance/republish-superseded.ts';
import { sweepUnaudited, sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { createMaintenanceTask, type MaintenanceTask } from './create-maintenance-task.ts';

/** Entry points of maintenance for the topic readers and the use cases. */
export type Maintenance = Readonly<{
  /** Reports that the registry is available, for the first time or again. */
  onRegistryUp(): void;
  onSuperseded(kind: string, id: string): void;
  /** Reports that the topics have been read to their ends: from now on the topic versions are complete. */
  onTopicsRead(): void;
  /** Starts a run of a task now. */
  wake(task: string): void;
}>;

const purgeEveryMs = 10 * 60_000;
// Upper bound of the expected duration of one run.
const maxRunMs = 120_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * Starts registry maintenance: the sweep of unpublished versions, the repair of superseded records, the comparison of
 * registry and topics (at boot and then hourly), the purge of deleted documents, and `tasks`.
 */
export function startMaintenance(
  context: Context,
  kinds: readonly Documents<Versioned>[],
  tasks: readonly MaintenanceTask[],
): Maintenance {
  const { config, logger, metrics, resources, clock } = context;
  const seconds = metrics.handles.maintenance;
  const superseded = new Map(kinds.map(({ kind }) => [kind.name, new Set<string>()]));
  let areTopicsRead = false;
  let isRegistryUp = false;

  const repeat = (task: MaintenanceTask): PeriodicTask => {
    const health = context.health.register(task.name, { maxSilenceMs: task.everyMs * 2 + maxRunMs });
    const work = createMaintenanceTask(task, { clock, logger, health, seconds });
    resources.add(task.name, async () => work.close());
    return work;
  };
  const ofEach = (run: (documents: Documents<Versioned>) => Promise<unknown>) => async () => {
    for (const documents of kinds) await run(documents);
  };
  const sweep = repeat({
    name: 'sweep',
    everyMs: config.sweepEveryMs,
    run: ofEach(async (documents) => {
      await sweepUnpublished(documents);
      await sweepUnaudited(documents);
      const left = superseded.get(documents.kind.name);
      if (areTopicsRead && left !== undefined) await republishSuperseded(documents, left);
    }),
  });
  const compare = repeat({ name: 'compare', everyMs: config.compareEveryMs, run: ofEach(compareTopic) });
  const purge = repeat({ name: 'tidy', everyMs: purgeEveryMs, run: ofEach(purgeDeleted) });
  const namedTasks = new Map(tasks.map((task) => [task.name, repeat(task)]));
  const others = [sweep, purge, ...namedTasks.values()];
  return {
    onRegistryUp: () => {
      isRegistryUp = true;
      for (const work of areTopicsRead ? [...others, compare] : others) work.wake();
    },
    onSuperseded: (kind, id) => {
      // While a topic is still being read, a later record may repair one that appears superseded.
      if (!areTopicsRead) return;
      superseded.get(kind)?.add(id);
      sweep.wake();
    },
    onTopicsRead: () => {
      areTopicsRead = true;
      // Otherwise the comparison begins when the registry is available.
      if (isRegistryUp) compare.wake();
    },
    wake: (task) => namedTasks.get(task)?.wake(),
  };
}

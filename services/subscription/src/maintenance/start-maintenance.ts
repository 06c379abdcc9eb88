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
import { createMaintenanceTask, type MaintenanceTask, type RepeatedTask } from './create-maintenance-task.ts';

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

/** Returns what creates a task, registers its health, and closes it with the service. */
const repeaterIn = ({ logger, metrics, resources, clock, health }: Context) => {
  const seconds = metrics.handles.maintenance;
  return (task: RepeatedTask): PeriodicTask => {
    const part = health.register(task.name, { maxSilenceMs: task.everyMs * 2 + maxRunMs });
    const work = createMaintenanceTask(task, { clock, logger, health: part, seconds });
    resources.add(task.name, async () => work.close());
    return work;
  };
};

/**
 * Starts registry maintenance: the sweep of unpublished versions, the repair of superseded records, the comparison of
 * registry and topics (at boot and then hourly), the purge of deleted documents, and `tasks`.
 */
export function startMaintenance(
  context: Context,
  kinds: readonly Documents<Versioned>[],
  tasks: readonly MaintenanceTask[],
): Maintenance {
  const { config } = context;
  const superseded = new Map(kinds.map(({ kind }) => [kind.name, new Set<string>()]));
  let areTopicsRead = false;
  let isRegistryUp = false;

  const repeat = repeaterIn(context);
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
  const repeatTask = ({ run, ...task }: MaintenanceTask) =>
    [task.name, repeat({ ...task, run: async () => run({ areTopicsRead }) })] as const;
  const namedTasks = new Map(tasks.map(repeatTask));
  const others = [sweep, purge, ...namedTasks.values()];
  const awaitingTopics = tasks.flatMap(({ name, needsTopics }) => (needsTopics ? [name] : []));
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
      // Otherwise they begin when the registry is available.
      if (!isRegistryUp) return;
      compare.wake();
      for (const name of awaitingTopics) namedTasks.get(name)?.wake();
    },
    wake: (task) => namedTasks.get(task)?.wake(),
  };
}

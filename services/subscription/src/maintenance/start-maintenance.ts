import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { compareTopic } from '../registry/maintenance/compare-topic.ts';
import { purgeDeleted } from '../registry/maintenance/purge-deleted.ts';
import { republishSuperseded } from '../registry/maintenance/republish-superseded.ts';
import { sweepUnaudited, sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { PeriodicTask } from './periodic-task.ts';

/** Recurring work beside what every kind of document needs. */
export type MaintenanceTask = Readonly<{
  name: string;
  everyMs: number;
  run(): Promise<unknown>;
}>;

/** How the readers of the topics tell what they have seen. */
export type Maintenance = Readonly<{
  /** The registry can be used, for the first time or again. */
  onRegistryUp(): void;
  onSuperseded(kind: string, id: string): void;
  /** The topics have been read to their ends: from now on their state means something. */
  onTopicsRead(): void;
  /** Does a turn of a chore now. */
  wake(task: string): void;
}>;

const purgeEveryMs = 10 * 60_000;
// The longest that a turn may well take.
const maxRunMs = 120_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * Starts what keeps registry and topics together: the sweep of unpublished versions, the repair of overtaken records, the
 * comparison at boot and then hourly, the removal of what has had its time, and the chores.
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

  const repeat = ({ name, everyMs, run }: MaintenanceTask): PeriodicTask => {
    const part = context.health.register(name, { maxSilenceMs: everyMs * 2 + maxRunMs });
    const work = new PeriodicTask({ name, everyMs, run }, { clock, logger, health: part, seconds });
    resources.add(name, async () => work.close());
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
      for (const work of areTopicsRead ? [...others, compare] : others) work.wake();
    },
    onSuperseded: (kind, id) => {
      // While a topic is still being read, what looks overtaken may be put right by a record further on.
      if (!areTopicsRead) return;
      superseded.get(kind)?.add(id);
      sweep.wake();
    },
    onTopicsRead: () => {
      areTopicsRead = true;
      compare.wake();
    },
    wake: (task) => namedTasks.get(task)?.wake(),
  };
}

import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { compareTopic } from '../registry/maintenance/compare-topic.ts';
import { purgeDeleted } from '../registry/maintenance/purge-deleted.ts';
import { republishOvertaken } from '../registry/maintenance/republish-superseded.ts';
import { sweepUnaudited, sweepUnpublished } from '../registry/maintenance/sweep-unpublished.ts';
import { RepeatWork } from './periodic-task.ts';

/** Recurring work beside what every kind of document needs. */
export type Chore = Readonly<{
  name: string;
  everyMs: number;
  turn(): Promise<unknown>;
}>;

/** How the readers of the topics tell what they have seen. */
export type Housekeeping = Readonly<{
  /** The registry can be used, for the first time or again. */
  onRegistryUp(): void;
  onOvertaken(kind: string, id: string): void;
  /** The topics have been read to their ends: from now on their state means something. */
  onTopicsRead(): void;
  /** Does a turn of a chore now. */
  wake(chore: string): void;
}>;

const tidyEveryMs = 10 * 60_000;
// The longest that a turn may well take.
const turnMs = 120_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * Starts what keeps registry and topics together: the sweep of unpublished versions, the repair of overtaken records, the
 * comparison at boot and then hourly, the removal of what has had its time, and the chores.
 */
export function startHousekeeping(
  context: Context,
  kinds: readonly Documents<Versioned>[],
  chores: readonly Chore[],
): Housekeeping {
  const { config, logger, metrics, resources, clock } = context;
  const seconds = metrics.handles.housekeeping;
  const overtaken = new Map(kinds.map(({ kind }) => [kind.name, new Set<string>()]));
  let areTopicsRead = false;

  const repeat = ({ name, everyMs, turn }: Chore): RepeatWork => {
    const part = context.health.register(name, { maxSilenceMs: everyMs * 2 + turnMs });
    const work = new RepeatWork({ name, everyMs, turn }, { clock, logger, health: part, seconds });
    resources.add(name, async () => work.close());
    return work;
  };
  const ofEach = (turn: (documents: Documents<Versioned>) => Promise<unknown>) => async () => {
    for (const documents of kinds) await turn(documents);
  };
  const sweep = repeat({
    name: 'sweep',
    everyMs: config.sweepEveryMs,
    turn: ofEach(async (documents) => {
      await sweepUnpublished(documents);
      await sweepUnaudited(documents);
      const left = overtaken.get(documents.kind.name);
      if (areTopicsRead && left !== undefined) await republishOvertaken(documents, left);
    }),
  });
  const compare = repeat({ name: 'compare', everyMs: config.compareEveryMs, turn: ofEach(compareTopic) });
  const tidy = repeat({ name: 'tidy', everyMs: tidyEveryMs, turn: ofEach(purgeDeleted) });
  const ownChores = new Map(chores.map((chore) => [chore.name, repeat(chore)]));
  const others = [sweep, tidy, ...ownChores.values()];
  return {
    onRegistryUp: () => {
      for (const work of areTopicsRead ? [...others, compare] : others) work.wake();
    },
    onOvertaken: (kind, id) => {
      // While a topic is still being read, what looks overtaken may be put right by a record further on.
      if (!areTopicsRead) return;
      overtaken.get(kind)?.add(id);
      sweep.wake();
    },
    onTopicsRead: () => {
      areTopicsRead = true;
      compare.wake();
    },
    wake: (chore) => ownChores.get(chore)?.wake(),
  };
}

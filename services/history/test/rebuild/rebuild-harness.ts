import { topics } from '@tidings/contracts';
import { type Clock, systemClock } from '@tidings/runtime';
import { openKnownSubscriptions } from '../../src/dead-letters/adapters/kafka-dead-letters.ts';
import { createRebuildLog } from '../../src/rebuild/adapters/kafka-rebuild-log.ts';
import { type RebuildOptions, type RebuildParts, rebuildHistory } from '../../src/rebuild/rebuild-history.ts';
import { rebuildJobs } from '../../src/rebuild/rebuild-jobs.ts';
import { topicProjections } from '../../src/rebuild/topic-projections.ts';
import type { Backing } from '../in-memory-history.ts';
import { createMemoryRebuildStore } from './memory-rebuild-store.ts';

// The wait for services that are just starting passes at once.
const impatient: Clock = {
  ...systemClock,
  setTimer: (callback, ms) => systemClock.setTimer(callback, ms >= 10_000 ? 0 : ms),
};

/** Returns what a rebuild from the topics of a bus into stores needs, in chunks of a few records. */
export const rebuildInto = async (
  stores: Backing,
  { bus }: Pick<Backing, 'bus'>,
  store = createMemoryRebuildStore(),
): Promise<RebuildParts> => {
  const subscriptions = await openKnownSubscriptions(bus, () => {});
  const ownerOf = (id: string) => subscriptions.get(id)?.workspaceId;
  return {
    store,
    log: createRebuildLog(bus, 'tidings-history'),
    projections: topicProjections({ bus, stores, ownerOf, clock: impatient }).map((projection) => ({
      ...projection,
      chunkRecords: 3,
    })),
    rebuildJobs: async () => rebuildJobs(bus, stores.jobs),
    clock: impatient,
  };
};

const plain: RebuildOptions = { keepOlder: false, isAnew: false, onProgress: () => {} };

/** Runs a rebuild. */
export const rebuild = async (parts: RebuildParts, options: Partial<RebuildOptions> = {}) =>
  rebuildHistory(parts, { ...plain, ...options });

const byText = (all: readonly unknown[]): readonly string[] =>
  all.map((one) => JSON.stringify(one)).toSorted();

/** Returns every document of the stores, in a form that can be compared. */
export const contentsOf = async (stores: Backing) => {
  const { deliveries, events, deadLetters, audit, jobs, statistics, received, runs } = stores;
  const letters = deadLetters.all();
  const contents = await deadLetters.readContents(letters.map(({ ref }) => ref));
  return {
    deliveries: byText(deliveries.all()),
    events: byText(events.all()),
    deadLetters: byText(letters),
    contents: byText([...contents]),
    statistics: statistics.all(),
    received: byText(received.all()),
    runs: byText(runs.all()),
    audit: byText(
      await audit.list({ workspaceId: 'ws_demo' as never, ownerId: null }, { limit: 1e6, afterId: null }),
    ),
    // Kinds that another service carries out. The pace is measured while the job runs, and the claim is that of its last run.
    jobs: jobs
      .all()
      .filter(({ kind }) => kind === 'replay')
      .map(({ pace: _pace, claim: _claim, claimedUntilMs: _until, ...job }) => job),
  };
};

/** Returns true once the service has stored everything that is on its topics, and has committed that. */
export const isCaughtUp = async ({ bus }: Pick<Backing, 'bus'>): Promise<boolean> => {
  const groups = [
    ['tidings-history', topics.attempts],
    ['tidings-history-events', topics.events],
    ['tidings-history-dead-letters', topics.deadLetters],
    ['tidings-history-received', topics.received],
    ['tidings-history-runs', topics.runs],
  ] as const;
  for (const [group, topic] of groups) {
    const lags = await bus.lag(group, [topic]);
    if (lags.some(({ lagRecords }) => lagRecords > 0n)) return false;
  }
  return true;
};

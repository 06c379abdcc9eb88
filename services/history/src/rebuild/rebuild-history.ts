import { AppError, type Clock, runPeriodically, sleep } from '@tidings/runtime';
import {
  advancedTo,
  type Progress,
  progressOf,
  type Rebuild,
  type RebuiltPartition,
} from './domain/rebuild.ts';
import type { DocumentCounts, RebuildLog, RebuildStore, TopicProjection } from './ports.ts';

/** The dependencies of a rebuild. `projections` are read in their order. */
export type RebuildParts = Readonly<{
  store: RebuildStore;
  log: RebuildLog;
  projections: readonly TopicProjection[];
  /** Stores the jobs that another service carries out, as far as they are missing; returns their number. */
  rebuildJobs(): Promise<number>;
  clock: Clock;
}>;

/** Options of a rebuild. `isAnew`: begins again although one was interrupted. */
export type RebuildOptions = Readonly<{
  keepOlder: boolean;
  isAnew: boolean;
  /** Called before the first chunk of a partition and after each chunk. */
  onProgress(at: Pick<RebuiltPartition, 'topic' | 'partition'>, progress: Progress): void;
  /** Called while it waits for services that are just starting. */
  onWait?(ms: number): void;
}>;

/** The result of a rebuild. `isResumed`: it continued one that was interrupted. */
export type Rebuilt = Readonly<{ records: number; jobs: number; isResumed: boolean }>;

// A service that has opened the database before it could see the state of the rebuild is a member of its groups by then.
const startingMs = 10_000;

// How often the process of a rebuild says that it is alive, and how long that is believed.
const aliveEveryMs = 5_000;
const aliveForMs = 15_000;

const refuseWhileRunning = async (log: RebuildLog): Promise<void> => {
  const groups = await log.groupsInUse();
  if (groups.size === 0) return;
  const found = [...groups].map(([group, members]) => `'${group}' (${members})`).join(', ');
  throw new AppError({
    code: 'conflict',
    message:
      `A history service is running: these consumer groups have members: ${found}. ` +
      'Stop it, for instance by starting the others with SERVICES, and repeat the command; ' +
      'a killed one counts for 6 s more.',
  });
};

const begin = async (
  { store, log, clock }: RebuildParts,
  { keepOlder, onWait }: RebuildOptions,
): Promise<Rebuild> => {
  await refuseWhileRunning(log);
  const claim: Rebuild = { phase: 'clearing', keepOlder, startedAtMs: clock.nowMs(), partitions: [] };
  await store.save(claim);
  await store.keepAlive(clock.nowMs());
  try {
    onWait?.(startingMs);
    await sleep(clock, startingMs);
    await refuseWhileRunning(log);
    const rebuild = { ...claim, partitions: await log.partitions() };
    await store.save(rebuild);
    return rebuild;
  } catch (error) {
    // Nothing has been removed yet.
    await store.end();
    throw error;
  }
};

const refuseWhileAlive = (silentMs: number): void => {
  if (silentMs >= aliveForMs) return;
  throw new AppError({
    code: 'conflict',
    message:
      `A rebuild of this database is running: its process was alive ${Math.ceil(silentMs / 1_000)} s ago. ` +
      `If it was killed, repeat the command after ${aliveForMs / 1_000} s.`,
  });
};

/** Returns the interrupted rebuild, as it is to be continued. Throws AppError `conflict` if it was another one. */
const continued = (found: Rebuild, { keepOlder, isAnew }: RebuildOptions): Rebuild => {
  if (isAnew) {
    const partitions = found.partitions.map((one) => ({ ...one, next: one.low }));
    return { ...found, keepOlder, phase: 'clearing', partitions };
  }
  if (found.keepOlder === keepOlder) return found;
  const began = new Date(found.startedAtMs).toISOString();
  throw new AppError({
    code: 'conflict',
    message:
      `The rebuild that began at ${began} ${found.keepOlder ? 'keeps' : 'does not keep'} what is older than the log: ` +
      `repeat the command ${found.keepOlder ? 'with' : 'without'} --keep-older to continue it, or with --restart to begin again.`,
  });
};

/** Reads one partition, chunk by chunk: the next one is read while the last is written. Returns the state after it. */
const readPartition = async (
  { store }: RebuildParts,
  {
    rebuild,
    projection,
    partition,
  }: Readonly<{ rebuild: Rebuild; projection: TopicProjection; partition: RebuiltPartition }>,
  { onProgress }: RebuildOptions,
): Promise<Rebuild> => {
  let current = rebuild;
  const { end } = partition;
  const chunkAt = (from: number) => {
    const until = Math.min(end, from + projection.chunkRecords);
    const written = from < end ? projection.read(partition.partition, from, until) : null;
    // Handled where it is awaited; a failed write comes first.
    written?.catch(() => {});
    return { until, written };
  };
  onProgress(partition, progressOf(current.partitions));
  for (let chunk = chunkAt(partition.next); chunk.written !== null; ) {
    const write = await chunk.written;
    const following = chunkAt(chunk.until);
    await write();
    current = { ...current, partitions: advancedTo(current.partitions, partition, chunk.until) };
    await store.save(current);
    onProgress(partition, progressOf(current.partitions));
    chunk = following;
  }
  return current;
};

/**
 * Removes what was read from the log and reads it again, up to where the service continues. An interrupted rebuild is
 * continued: every write is idempotent. Until it has ended, services wait and the read model is incomplete. Throws
 * AppError `conflict` while a service is running.
 */
export const rebuildHistory = async (parts: RebuildParts, options: RebuildOptions): Promise<Rebuilt> => {
  const { store, clock } = parts;
  const found = await store.find();
  if (found !== null) refuseWhileAlive(clock.nowMs() - found.aliveAtMs);
  // One that was interrupted before it knew its partitions has removed nothing.
  const resumed =
    found !== null && found.rebuild.partitions.length > 0 ? continued(found.rebuild, options) : null;
  // A failure shows in the next write.
  const run = async () => store.keepAlive(clock.nowMs()).catch(() => {});
  const stop = runPeriodically({ clock, firstMs: 0, everyMs: aliveEveryMs, run });
  try {
    const first = resumed ?? (await begin(parts, options));
    return { ...(await carryOut(parts, first, options)), isResumed: resumed !== null };
  } finally {
    stop();
  }
};

const carryOut = async (
  parts: RebuildParts,
  first: Rebuild,
  options: RebuildOptions,
): Promise<Omit<Rebuilt, 'isResumed'>> => {
  const { store, projections } = parts;
  let rebuild = first;
  if (rebuild.phase === 'clearing') {
    await store.save(rebuild);
    await store.clear(rebuild);
    rebuild = { ...rebuild, phase: 'reading' };
    await store.save(rebuild);
  }
  for (const projection of projections) {
    for (const partition of rebuild.partitions.filter(({ topic }) => topic === projection.topic)) {
      rebuild = await readPartition(parts, { rebuild, projection, partition }, options);
    }
  }
  const jobs = await parts.rebuildJobs();
  await store.end();
  return { records: progressOf(rebuild.partitions).total, jobs };
};

/** The effects that a rebuild would have. */
export type RebuildPlan = Readonly<{
  records: number;
  partitions: number;
  removed: DocumentCounts;
  groupsInUse: ReadonlyMap<string, number>;
  /** The interrupted rebuild that would be continued. */
  interrupted: Rebuild | null;
}>;

/** Returns what a rebuild would do; changes nothing. */
export const planRebuild = async (
  { store, log }: Pick<RebuildParts, 'store' | 'log'>,
  keepOlder: boolean,
): Promise<RebuildPlan> => {
  const partitions = await log.partitions();
  const { total } = progressOf(partitions);
  return {
    records: total,
    partitions: partitions.filter(({ low, end }) => end > low).length,
    removed: await store.count({ keepOlder, partitions }),
    groupsInUse: await log.groupsInUse(),
    interrupted: (await store.find())?.rebuild ?? null,
  };
};

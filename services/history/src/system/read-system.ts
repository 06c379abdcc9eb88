import type { Bus } from '@tidings/kafka';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import type { DeadLetterCount, DeadLetterStore } from '../dead-letters/ports.ts';
import type { JobCount, JobStore } from '../jobs/ports.ts';
import type { BreakerFollower } from './breaker-follower.ts';
import { type OpenBreaker, openBreakers } from './domain/open-breakers.ts';
import { type Hop, type RetryHop, retryHops } from './domain/pipeline.ts';
import { type Lag, measureLag, measureWaiting, oldestAccepted, type Waiting } from './measure-lag.ts';

/** The state of the installation. A part that could not be read is null, and `errors` has the reason. */
export type SystemState = Readonly<{
  atMs: number;
  hops: readonly Lag[] | null;
  retries: readonly Waiting[] | null;
  oldestAcceptedAtMs: number | null;
  breakers: readonly OpenBreaker[] | null;
  deadLetters: readonly DeadLetterCount[] | null;
  jobs: readonly JobCount[] | null;
  errors: readonly Readonly<{ part: string; detail: string }>[];
}>;

/** The dependencies of the state. */
export type SystemParts = Readonly<{
  bus: Pick<Bus, 'lag' | 'readRecords'>;
  hops: readonly Hop[];
  breakers: Pick<BreakerFollower, 'read'>;
  deadLetters: Pick<DeadLetterStore, 'countWaiting'>;
  jobs: Pick<JobStore, 'countOpen'>;
  clock: Clock;
}>;

const timeoutMs = 3_000;
/** The time for which a state is shown again. */
export const cachedMs = 2_000;

/** Settles like `work`, or rejects with AppError `timeout` after three seconds. */
export const inTime = async <T>(clock: Clock, work: Promise<T>): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const cancel = clock.setTimer(() => {
      reject(new AppError({ code: 'timeout', message: `no response within ${timeoutMs} ms` }));
    }, timeoutMs);
    work.then(resolve, reject).finally(cancel);
  });

/** Reads the state of every part at the same time; one that fails or is late is left out. */
const readParts = async (parts: SystemParts): Promise<SystemState> => {
  const { bus, clock } = parts;
  const atMs = clock.nowMs();
  const errors: { part: string; detail: string }[] = [];
  const read = async <T>(part: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await inTime(clock, work());
    } catch (error) {
      errors.push({ part, detail: messageOf(error) });
      return null;
    }
  };
  const waitingIn = async (hop: RetryHop): Promise<Waiting> => measureWaiting(bus, hop, atMs);
  const [hops, retries, breakers, deadLetters, jobs] = await Promise.all([
    read('hops', async () => Promise.all(parts.hops.map(async (hop) => measureLag(bus, hop)))),
    read('retries', async () => Promise.all(retryHops.map(waitingIn))),
    read('breakers', async () => openBreakers(await parts.breakers.read(), atMs)),
    read('dead_letters', async () => parts.deadLetters.countWaiting()),
    read('jobs', async () => parts.jobs.countOpen()),
  ]);
  const beforeDelivery = (hops ?? []).filter(({ hop }) => ['fanout', 'delivery'].includes(hop.name));
  const oldestAcceptedAtMs = oldestAccepted([...beforeDelivery, ...(retries ?? [])]);
  return { atMs, hops, retries, oldestAcceptedAtMs, breakers, deadLetters, jobs, errors };
};

/** Returns a function that reads the state. Calls within two seconds, and while it is being read, share the answer. */
export const createSystemReader = (parts: SystemParts): (() => Promise<SystemState>) => {
  let last: Readonly<{ fromMs: number; state: Promise<SystemState> }> | undefined;
  return async () => {
    const nowMs = parts.clock.monotonicMs();
    if (last === undefined || nowMs - last.fromMs >= cachedMs)
      last = { fromMs: nowMs, state: readParts(parts) };
    return last.state;
  };
};

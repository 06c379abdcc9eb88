import type { Clock } from '@tidings/runtime';
import type { Job } from '../domain/in-flight-jobs.ts';
import type { Resolution } from '../domain/resolution.ts';

// After a crash, requests that were sent but not recorded are repeated. Under load,
// batching must not increase their number.
const maxResultsPerBatch = 16;
// A deferral sends no request: a crash repeats none, and a delay of a fraction of a second is harmless.
const deferralFactor = 10;
const maxDeferralsPerBatch = 256;

/** Returns a function that resolves for all waiting callers at once: after `lingerMs`, or when `most` of them wait. */
const createBatch = (clock: Clock, lingerMs: number, most: number): (() => Promise<void>) => {
  let batch: Promise<void> | undefined;
  let waiting = 0;
  let go: () => void = () => {};
  return async () => {
    waiting += 1;
    batch ??= new Promise((resolve) => {
      const cancel = clock.setTimer(() => go(), lingerMs);
      go = () => {
        cancel();
        batch = undefined;
        waiting = 0;
        resolve();
      };
    });
    const mine = batch;
    if (waiting >= most) go();
    await mine;
  };
};

const isDeferral = ({ followUp }: Resolution, { command }: Job): boolean =>
  followUp.kind === 'command' && followUp.state.deferrals > command.state.deferrals;

/**
 * The wait of records for others of their batch: sending one record alone costs as much CPU as sending twenty at once.
 * Records of sent requests wait for `lingerMs`, deferrals ten times as long. 0 disables batching.
 */
export class Linger {
  readonly #isOn: boolean;
  readonly #results: () => Promise<void>;
  readonly #deferrals: () => Promise<void>;

  constructor(clock: Clock, lingerMs: number) {
    this.#isOn = lingerMs > 0;
    this.#results = createBatch(clock, lingerMs, maxResultsPerBatch);
    this.#deferrals = createBatch(clock, lingerMs * deferralFactor, maxDeferralsPerBatch);
  }

  /**
   * Returns the wait of a resolution's records, or null for none. Commands of ordered queues do not linger: the next one
   * in the queue waits for the record.
   */
  waitFor(resolution: Resolution, job: Job): Promise<void> | null {
    if (!this.#isOn || job.entry !== null) return null;
    return isDeferral(resolution, job) ? this.#deferrals() : this.#results();
  }
}

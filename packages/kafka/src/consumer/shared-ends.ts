import { type Clock, sleep } from '@tidings/runtime';
import { type PartitionRef, partitionKey } from '../bus.ts';

type Ends = ReadonlyMap<string, number>;
type FetchEnds = (refs: readonly PartitionRef[]) => Promise<Ends>;

const periodMs = 30_000;
// A timer may fire early, and its run takes a moment.
const leastMs = 1_000;
const lingerMs = 50;

/**
 * Returns the time until the next check of the ends of logs. The checks of all groups of a process are at the same
 * moments, multiples of 30 s since its start, so that {@link SharedEnds} asks once for all of them.
 */
export const untilCheckMs = ({ monotonicMs }: Pick<Clock, 'monotonicMs'>): number => {
  const leftMs = periodMs - (monotonicMs() % periodMs);
  return leftMs < leastMs ? leftMs + periodMs : leftMs;
};

/** Asks for the ends of logs: questions of the same moment, by whichever group, share one request. */
export class SharedEnds {
  readonly #clock: Clock;
  readonly #fetch: FetchEnds;
  #asked = new Map<string, PartitionRef>();
  #answer: Promise<Ends> | undefined;

  constructor(clock: Clock, fetch: FetchEnds) {
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** Returns the ends of at least these partitions by {@link partitionKey}. */
  async of(refs: readonly PartitionRef[]): Promise<Ends> {
    if (refs.length === 0) return new Map();
    for (const ref of refs) this.#asked.set(partitionKey(ref), ref);
    this.#answer ??= this.#ask();
    // A partition of another group may be what the brokers cannot tell.
    return this.#answer.catch(async () => this.#fetch(refs));
  }

  async #ask(): Promise<Ends> {
    await sleep(this.#clock, lingerMs);
    const refs = [...this.#asked.values()];
    this.#asked = new Map();
    this.#answer = undefined;
    return this.#fetch(refs);
  }
}

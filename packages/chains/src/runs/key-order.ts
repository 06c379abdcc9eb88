import { Fifo } from '@tidings/queues';
import type { RunSummary } from '../log/restore-run-log.ts';
import type { RunEntry } from './run-entry.ts';

type Joined = Pick<RunSummary, 'offset' | 'startedAtMs' | 'retriedAtMs'>;

/**
 * Returns restored runs in the order in which they came behind the others of their keys: in the order of the events, and
 * those that were retried when they were.
 */
export const inOrderOfJoining = <R extends Readonly<{ summary: Joined }>>(
  runs: readonly R[],
): readonly R[] => {
  let latestMs = 0;
  const joined = [...runs]
    .sort(({ summary: a }, { summary: b }) => a.offset - b.offset)
    .map((run) => {
      const { startedAtMs, retriedAtMs } = run.summary;
      // Clocks of owners differ: events never change places.
      if (retriedAtMs === null) latestMs = Math.max(latestMs, startedAtMs);
      return { run, atMs: retriedAtMs ?? latestMs, isRetried: retriedAtMs !== null };
    });
  joined.sort((a, b) => a.atMs - b.atMs || Number(a.isRetried) - Number(b.isRetried));
  return joined.map(({ run }) => run);
};

/** Runs of ordered handlers by handler and ordering key: only the first of each is carried out. */
export class KeyOrder {
  readonly #queues = new Map<string, Fifo<RunEntry>>();
  readonly #isOrdered: (handler: string) => boolean;

  constructor(isOrdered: (handler: string) => boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Adds a run behind the others of its key. */
  add(entry: RunEntry): void {
    const name = this.#nameOf(entry);
    if (name === null) return;
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Fifo();
      this.#queues.set(name, queue);
    }
    queue.push(entry);
  }

  /** Returns true while an earlier run of its key has not ended. */
  isBlocked(entry: RunEntry): boolean {
    const name = this.#nameOf(entry);
    return name !== null && this.#queues.get(name)?.peek() !== entry;
  }

  /** Removes a run that has ended. Returns the one that may be carried out now. */
  end(entry: RunEntry): RunEntry | undefined {
    const name = this.#nameOf(entry);
    const queue = name === null ? undefined : this.#queues.get(name);
    if (name === null || queue === undefined || queue.peek() !== entry) return undefined;
    let next = queue.peek();
    // One that was cancelled before its turn is still in the queue. One that is just being retried has not ended.
    while (next?.hasEnded === true && next.isEnding) {
      queue.shift();
      next = queue.peek();
    }
    if (next === undefined) this.#queues.delete(name);
    return next;
  }

  #nameOf({ handler, orderingKey }: RunEntry): string | null {
    return orderingKey === null || !this.#isOrdered(handler) ? null : `${handler}\n${orderingKey}`;
  }
}

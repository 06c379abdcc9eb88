import { AttemptWindow, windowRecords } from './domain/attempt-window.ts';
import type { Fact } from './domain/fact.ts';
import type { AttemptLog } from './ports.ts';

/**
 * Recognises records that repeat an attempt: a producer that was not idempotent wrote it twice, or delivery stopped
 * between its write and its commit. The window of a partition is filled from the log with its first record, so nothing is
 * read at a start.
 */
export class KnownAttempts {
  readonly #log: AttemptLog;
  readonly #windows = new Map<number, AttemptWindow>();

  constructor(log: AttemptLog) {
    this.#log = log;
  }

  /** Forgets a partition: another process may count it meanwhile. */
  forget(partition: number): void {
    this.#windows.delete(partition);
  }

  /** Returns the facts without repeats. May be called again with the same facts. */
  async fresh(facts: readonly Fact[]): Promise<readonly Fact[]> {
    for (const { attempt, partition, offset } of facts) {
      if (attempt === null || this.#windows.has(partition)) continue;
      this.#windows.set(partition, await this.#filled(partition, offset));
    }
    return facts.filter(({ attempt, partition, offset }) => {
      const window = attempt === null ? undefined : this.#windows.get(partition);
      return attempt === null || window?.isRepeat(attempt, offset) !== true;
    });
  }

  async #filled(partition: number, offset: number): Promise<AttemptWindow> {
    const window = new AttemptWindow();
    const range = { partition, from: Math.max(0, offset - windowRecords), until: offset };
    await this.#log.read(range, (attempt, at) => window.isRepeat(attempt, at));
    return window;
  }
}

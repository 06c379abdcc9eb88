/**
 * The number of records within which a repeat is recognised: a record is one if its attempt is in one of so many before
 * it. Two minutes of a partition at 200 attempts a second in all.
 */
export const windowRecords = 2_000;

// A write that failed is repeated, and so are the records before it that wait.
const keptRecords = 2 * windowRecords;

/**
 * The attempts of the newest records of a partition. The answer for a record depends on the records before it alone, not
 * on batches or on when a process began, so a rebuild counts the same.
 */
export class AttemptWindow {
  /** The offsets of the records of each attempt: one, or a list. The attempt of the newest record is the last. */
  readonly #offsets = new Map<string, number | readonly number[]>();

  /** Adds the record of an attempt; returns true if a record before it has the same. Records may be added again. */
  isRepeat(attempt: string, offset: number): boolean {
    const known = this.#offsets.get(attempt);
    if (known === offset) return false;
    this.#offsets.delete(attempt);
    if (known === undefined) {
      this.#offsets.set(attempt, offset);
      this.#forget(offset - keptRecords);
      return false;
    }
    const all = [...new Set([known, offset].flat())];
    this.#offsets.set(attempt, all);
    return all.some((one) => one < offset && one >= offset - windowRecords);
  }

  #forget(beforeOffset: number): void {
    for (const [attempt, offsets] of this.#offsets) {
      if (typeof offsets === 'number' ? offsets >= beforeOffset : Math.max(...offsets) >= beforeOffset)
        return;
      this.#offsets.delete(attempt);
    }
  }
}

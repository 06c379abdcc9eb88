import { readFileSync } from 'node:fs';
import { decodeRunLogEntry } from '@tidings/contracts';
import type { IncomingRecord } from '@tidings/kafka';

/** Offsets of the acknowledged successes of each step, and of the start of each epoch, in a whole run log. */
export class RecordedSuccesses {
  /** `<run> <step>` to the offset of the first record that has its success. */
  readonly #successes = new Map<string, bigint>();
  readonly #partitions = new Map<string, number>();
  readonly #epochs = new Map<string, bigint>();
  readonly #newest = new Map<number, number>();
  readonly #next = new Map<number, bigint>();

  /** Takes the records of each partition in their order. Throws if one is missing: the log was compacted. */
  take(record: IncomingRecord): void {
    const { partition, offset, value } = record;
    const next = this.#next.get(partition) ?? 0n;
    if (offset !== next) throw new Error(`the run log lacks offset ${next} of partition ${partition}`);
    this.#next.set(partition, offset + 1n);
    if (value === null) return;
    const entry = decodeRunLogEntry(record);
    if ('run' in entry) {
      const { runId, epoch, steps } = entry.run;
      this.#partitions.set(runId, partition);
      // What is written behind a newer epoch is not acknowledged to its writer.
      if (epoch < (this.#newest.get(partition) ?? 0)) return;
      for (const { name, status } of steps) {
        const key = `${runId} ${name}`;
        if (status === 'succeeded' && !this.#successes.has(key)) this.#successes.set(key, offset);
      }
    } else if (entry.type === 'EpochStarted.v1') {
      this.#epochs.set(`${partition} ${entry.epoch}`, offset);
      this.#newest.set(partition, entry.epoch);
    }
  }

  get size(): number {
    return this.#successes.size;
  }

  partitionOf(runId: string): number | undefined {
    return this.#partitions.get(runId);
  }

  /** Returns true if the success of a step is in front of the start of an epoch. */
  isBefore(step: string, partition: number, epoch: number): boolean {
    const success = this.#successes.get(step);
    const start = this.#epochs.get(`${partition} ${epoch}`);
    if (start === undefined) throw new Error(`the run log lacks epoch ${epoch} of partition ${partition}`);
    return success !== undefined && success < start;
  }
}

/** Calls of steps in the receipts of all workers. */
export type Findings = Readonly<{
  calls: number;
  /** Attempts that were made more than once. */
  duplicates: number;
  /** Calls of steps whose success was recorded before the epoch of the caller began, and calls twice in one epoch. */
  forbidden: readonly string[];
}>;

/** Compares the receipts of workers, one file each, with the run log. */
export const compareReceipts = (files: readonly string[], log: RecordedSuccesses): Findings => {
  const made = new Set<string>();
  const forbidden: string[] = [];
  let calls = 0;
  let duplicates = 0;
  for (const file of files) {
    const epochs = new Map<number, number>();
    const own = new Set<string>();
    for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const [kind, first = '', second = '', attempt = ''] = line.split(' ');
      if (kind === 'epoch') {
        epochs.set(Number(first), Number(second));
        continue;
      }
      calls += 1;
      const call = `${first} ${second} ${attempt}`;
      if (made.has(call)) duplicates += 1;
      made.add(call);
      const partition = log.partitionOf(first);
      const epoch = partition === undefined ? undefined : epochs.get(partition);
      if (partition === undefined || epoch === undefined) forbidden.push(`${line}: without an epoch`);
      else if (log.isBefore(`${first} ${second}`, partition, epoch))
        forbidden.push(`${line}: recorded before`);
      else if (own.has(`${epoch} ${call}`)) forbidden.push(`${line}: twice in epoch ${epoch}`);
      own.add(`${epoch} ${call}`);
    }
  }
  return { calls, duplicates, forbidden };
};

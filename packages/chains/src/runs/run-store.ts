import { type RunRecorded, runLogKey, type WireRecord } from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';
import { encodeState } from '../log/encode-run-state.ts';
import type { RunLogWriter } from '../log/run-log-writer.ts';
import { StateReader } from '../log/state-reader.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import type { RunEntry } from './run-entry.ts';

type Options = Readonly<{
  parts: WorkerParts;
  writer: RunLogWriter;
  /** Called when the log does not take a state, or does not have one that it should have. */
  onLost: (error: unknown) => void;
}>;

/** The runs of one partition in memory, and their states in the run log. `open → closed`. */
export class RunStore {
  readonly #writer: RunLogWriter;
  readonly #reader: StateReader;
  readonly #onLost: (error: unknown) => void;
  readonly #runs = new Map<string, RunEntry>();
  #isClosed = false;

  constructor({ parts, writer, onLost }: Options) {
    this.#writer = writer;
    this.#onLost = onLost;
    const { bus, clock, topics } = parts;
    this.#reader = new StateReader({ bus, clock, runLog: topics.runLog, partition: writer.partition });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get epoch(): number {
    return this.#writer.epoch;
  }

  entries(): IterableIterator<RunEntry> {
    return this.#runs.values();
  }

  get(runId: string): RunEntry | undefined {
    return this.#runs.get(runId);
  }

  add(entry: RunEntry): void {
    this.#runs.set(entry.runId, entry);
  }

  /** Resolves when the state of a run is in memory. Rejects if the partition is lost meanwhile. */
  async load(entry: RunEntry): Promise<void> {
    // It may be written, read or freed meanwhile.
    while (!entry.isLoaded) {
      const { position } = entry;
      if (this.#isClosed || position === undefined)
        throw new AppError({ code: 'closed', message: 'the partition was lost' });
      try {
        const state = await this.#reader.read(BigInt(position));
        if (entry.position === position && !entry.isLoaded && !this.#isClosed) entry.load(state);
      } catch (error) {
        // It may have been written again, and the old record be removed.
        if (entry.position !== position) continue;
        this.#lose(error);
        throw error;
      }
    }
  }

  /** Writes a changed state. Resolves when it is acknowledged. */
  async write(entry: RunEntry, next: RunRecorded): Promise<void> {
    const { data } = entry;
    const { run, size, state, fact } = encodeState({ ...next, epoch: this.epoch }, data);
    entry.writes(run);
    entry.acknowledge({ run, data, size }, await this.#append(state, [fact]));
  }

  /** Writes a restored state again, in this epoch. Returns false if that is not needed. */
  async rewrite(entry: RunEntry): Promise<boolean> {
    if (entry.epoch === this.epoch) return false;
    await this.load(entry);
    if (entry.epoch === this.epoch) return false;
    await this.#writeAgain(entry);
    return true;
  }

  /**
   * Takes note of a record of this epoch that is in the log once more at `offset`. Resolves with its run once the newest
   * state of that, or the tombstone of one that was forgotten, is behind it.
   */
  async repeated(key: string, offset: bigint): Promise<RunEntry | undefined> {
    const [runId = ''] = key.split('/');
    const entry = this.#runs.get(runId);
    if (entry === undefined) {
      await this.#append({ key, headers: {}, value: null }, []);
      return undefined;
    }
    if ((entry.position ?? Infinity) > Number(offset)) return undefined;
    await this.load(entry);
    await this.#writeAgain(entry);
    return entry;
  }

  /** Forgets a run, and removes its record. */
  expire(entry: RunEntry): void {
    this.#runs.delete(entry.runId);
    entry.drop(new Error('the run was forgotten'));
    const tombstone = { key: runLogKey(entry), headers: {}, value: null };
    // If it is not written, the next owner finds the record and removes it.
    this.#append(tombstone, []).catch(() => {});
  }

  /** Drops all runs, and aborts their attempts. */
  close(reason: Error): void {
    this.#isClosed = true;
    this.#writer.close();
    this.#reader.close();
    for (const entry of this.#runs.values()) entry.drop(reason);
  }

  async #writeAgain(entry: RunEntry): Promise<void> {
    const { data } = entry;
    const { run, size, state, fact } = encodeState({ ...entry.newest, epoch: this.epoch }, data);
    entry.acknowledge({ run, data, size }, await this.#append(state, entry.isFactUncertain ? [fact] : []));
  }

  async #append(state: WireRecord, others: readonly OutgoingRecord[]): Promise<number> {
    let offsets: readonly bigint[];
    try {
      offsets = await this.#writer.append([state], others);
    } catch (error) {
      this.#lose(error);
      throw error;
    }
    if (this.#isClosed) throw new AppError({ code: 'closed', message: 'the partition was lost' });
    return Number(offsets[0] ?? 0n);
  }

  #lose(error: unknown): void {
    if (!this.#isClosed) this.#onLost(error);
  }
}

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
    const { bus, clock, logger, topics } = parts;
    const { partition } = writer;
    this.#reader = new StateReader({ bus, clock, logger, runLog: topics.runLog, partition });
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
        const state = await this.#reader.read({ offset: BigInt(position), key: runLogKey(entry) });
        if (entry.position === position && !entry.isLoaded && !this.#isClosed) entry.load(state);
      } catch (error) {
        // It may have been written again, and the old record be removed.
        if (entry.position !== position) continue;
        this.#lose(error);
        throw error;
      }
    }
  }

  /**
   * Calls `use` in the moment in which the state of a run is in memory. Rejects as {@link load} does. After `load` alone
   * somebody else who waited for the same state may have freed it.
   */
  async whenLoaded<R>(entry: RunEntry, use: () => R | Promise<R>): Promise<R> {
    while (!entry.isLoaded) await this.load(entry);
    return use();
  }

  /** Writes a changed state. Resolves when it is acknowledged. */
  async write(entry: RunEntry, next: RunRecorded): Promise<void> {
    const { data } = entry;
    const { run, size, state, fact } = encodeState({ ...next, epoch: this.epoch }, data);
    entry.writes(run);
    entry.acknowledge({ run, data, size }, await this.#append(state, [fact]));
  }

  /** Writes a restored state again, in this epoch, unless that has happened. */
  async rewrite(entry: RunEntry): Promise<void> {
    if (entry.epoch === this.epoch) return;
    await this.whenLoaded(entry, async () => {
      if (entry.epoch !== this.epoch) await this.#writeAgain(entry);
    });
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
    await entry.starting;
    if ((entry.position ?? Infinity) > Number(offset)) return undefined;
    await this.whenLoaded(entry, async () => this.#writeAgain(entry));
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

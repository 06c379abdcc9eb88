import type { Clock } from '@tidings/runtime';

/** Options for collecting and processing changes. */
export type ChangeCollectorOptions = Readonly<{
  clock: Clock;
  /** The quiet period before a run begins, in milliseconds: an editor or a checkout writes several files. */
  quietMs: number;
  /** Processes all files that changed since the last run. Runs never overlap. */
  onChanges: (files: readonly string[]) => Promise<void>;
  onError: (error: unknown) => void;
}>;

/** Batches changed files into consecutive runs; files that change during a run belong to the next one. */
export class ChangeCollector {
  readonly #options: ChangeCollectorOptions;
  #files = new Set<string>();
  #cancel: () => void = () => {};
  #turn: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ChangeCollectorOptions) {
    this.#options = options;
  }

  /** Records a file that was written, created or removed. */
  add(file: string): void {
    if (this.#isClosed) return;
    this.#files.add(file);
    if (this.#turn === null) this.#wait();
  }

  /** Discards pending changes. A run in progress continues; resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#turn;
  }

  #wait(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.setTimer(() => {
      this.#turn = this.#takeTurn();
    }, this.#options.quietMs);
  }

  async #takeTurn(): Promise<void> {
    const files = [...this.#files];
    this.#files = new Set();
    try {
      await this.#options.onChanges(files);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#turn = null;
      if (this.#files.size > 0 && !this.#isClosed) this.#wait();
    }
  }
}

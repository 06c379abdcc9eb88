import type { Clock } from '@tidings/runtime';

/** How changes are gathered and worked off. */
export type ChangeCollectorOptions = Readonly<{
  clock: Clock;
  /** An editor, or a checkout, writes several files: a turn begins when nothing has changed for this long. */
  quietMs: number;
  /** Works off all files that changed since the last turn. Turns never overlap. */
  onChanges: (files: readonly string[]) => Promise<void>;
  onError: (error: unknown) => void;
}>;

/** Gathers changed files into turns: one after another, with what changed during a turn in the next one. */
export class ChangeCollector {
  readonly #options: ChangeCollectorOptions;
  #files = new Set<string>();
  #cancel: () => void = () => {};
  #turn: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: ChangeCollectorOptions) {
    this.#options = options;
  }

  /** Notes a file that was written, made or removed. */
  add(file: string): void {
    if (this.#isClosed) return;
    this.#files.add(file);
    if (this.#turn === null) this.#wait();
  }

  /** Drops what was not begun. A turn under way goes on; resolves when it has ended. */
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

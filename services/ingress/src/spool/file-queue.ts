import type { Clock } from '@tidings/runtime';

/** Runs file operations one after the other, and knows since when they fail or hang. */
export class FileQueue {
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();
  #beganMs: number | undefined;
  #failedMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the first failure behind the last success, or since the beginning of the operation in progress. */
  get failingMs(): number {
    const sinceMs = this.#failedMs ?? this.#beganMs;
    return sinceMs === undefined ? 0 : this.#clock.monotonicMs() - sinceMs;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => this.#watch(work));
    this.#last = result.catch(() => {});
    return result;
  }

  async #watch<T>(work: () => Promise<T>): Promise<T> {
    const beganMs = this.#clock.monotonicMs();
    this.#beganMs = beganMs;
    try {
      const result = await work();
      this.#failedMs = undefined;
      return result;
    } catch (error) {
      this.#failedMs ??= beganMs;
      throw error;
    } finally {
      this.#beganMs = undefined;
    }
  }
}

import { AppError } from '@tidings/runtime';

/** Reachability of the simulated brokers, and the listeners that wait for it. */
export class Reachability {
  isReachable = true;
  readonly #waiting = new Set<() => void>();

  set(isReachable: boolean): void {
    this.isReachable = isReachable;
    if (isReachable) for (const wake of [...this.#waiting]) wake();
  }

  /** Throws AppError `unavailable` while the brokers cannot be reached. */
  require(): void {
    if (this.isReachable) return;
    throw new AppError({ code: 'unavailable', message: 'the brokers did not respond' });
  }

  /** Calls `wake` when the brokers can be reached again; returns a function that removes it. */
  onReachable(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }
}

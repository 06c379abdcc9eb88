import { AppError, BoundedMap, type Clock } from '@tidings/runtime';
import type { TenantScope } from '../domain/tenant-scope.ts';

// Each keeps the database busy.
const maxRunning = 4;
const maxWaitingOfScope = 2;
const maxRemembered = 1_000;
// Whoever asks again and again has a sixth of the time of one count.
const remembered = { times: 5, leastMs: 2_000, mostMs: 60_000 };

/**
 * Bounds counts that read many stored objects: equal ones are shared by all who ask at the same time and remembered for
 * some seconds. Of each scope one runs at a time, and four in all; the others wait, two of a scope at most.
 */
export class CountTurns<T> {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #remembered = new BoundedMap<string, Readonly<{ value: T; untilMs: number }>>(maxRemembered);
  readonly #asked = new Map<string, Promise<T>>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * Returns what `count` resolves with, which is equal for equal filters. Rejects with AppError `rate-limited` if too many
   * of the scope wait.
   */
  async run(scope: TenantScope, filters: object, count: () => Promise<T>): Promise<T> {
    const key = JSON.stringify(filters);
    const known = this.#remembered.get(key);
    if (known !== undefined && this.#clock.monotonicMs() < known.untilMs) return known.value;
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const own = this.#count(JSON.stringify([scope.workspaceId, scope.ownerId]), key, count).finally(() =>
      this.#asked.delete(key),
    );
    this.#asked.set(key, own);
    return own;
  }

  async #count(scope: string, key: string, count: () => Promise<T>): Promise<T> {
    const end = await this.#turn(scope);
    try {
      const beganMs = this.#clock.monotonicMs();
      const value = await count();
      const nowMs = this.#clock.monotonicMs();
      const { times, leastMs, mostMs } = remembered;
      const forMs = Math.min(mostMs, Math.max(leastMs, times * (nowMs - beganMs)));
      this.#remembered.set(key, { value, untilMs: nowMs + forMs });
      return value;
    } finally {
      end();
    }
  }

  #isFree(scope: string): boolean {
    return this.#running.size < maxRunning && !this.#running.has(scope);
  }

  /** Waits for a turn of the scope, and returns the function that ends it. */
  async #turn(scope: string): Promise<() => void> {
    const waiting = this.#waiting.get(scope) ?? 0;
    if (!this.#isFree(scope) && waiting >= maxWaitingOfScope) {
      const message = `${waiting} other counts with this key wait already: ask again later.`;
      throw new AppError({ code: 'rate-limited', message, retryAfterMs: remembered.leastMs });
    }
    this.#addWaiting(scope, 1);
    while (!this.#isFree(scope)) await Promise.race(this.#running.values());
    this.#addWaiting(scope, -1);
    return new Promise((began) => {
      const running = new Promise<void>((ended) => {
        began(() => {
          this.#running.delete(scope);
          ended();
        });
      });
      this.#running.set(scope, running);
    });
  }

  #addWaiting(scope: string, more: number): void {
    const waiting = (this.#waiting.get(scope) ?? 0) + more;
    if (waiting === 0) this.#waiting.delete(scope);
    else this.#waiting.set(scope, waiting);
  }
}

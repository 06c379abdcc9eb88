import type { Clock } from '@tidings/runtime';

/** Parts of the clock that tell how busy the event loop is. */
export type LoopClock = Pick<Clock, 'monotonicMs' | 'idleMs' | 'turns'>;

/**
 * Estimates for how long what the event loop reads now has lain in the socket: as long as the loop was busy since it last
 * looked at its sockets. A request that waits there is one that waits, although nothing in this process has seen it.
 */
export class LoopWait {
  readonly #clock: LoopClock;
  #atMs: number;
  #idleMs: number;
  #turns: number;
  #waitMs = 0;

  constructor(clock: LoopClock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
    this.#idleMs = clock.idleMs();
    this.#turns = clock.turns();
  }

  /** Returns the longest wait, in milliseconds, of what is read now. Call it where a request is read. */
  now(): number {
    const { monotonicMs, idleMs, turns } = this.#clock;
    const [atMs, idle, turn] = [monotonicMs(), idleMs(), turns()];
    const busyMs = Math.max(0, atMs - this.#atMs - (idle - this.#idleMs));
    // In the turn of an earlier call, what is read now has waited for what was done since as well.
    this.#waitMs = turn === this.#turns ? this.#waitMs + busyMs : busyMs / (turn - this.#turns);
    this.#atMs = atMs;
    this.#idleMs = idle;
    this.#turns = turn;
    return this.#waitMs;
  }
}

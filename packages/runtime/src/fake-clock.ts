import type { Clock } from './clock.ts';

/** A clock that moves only on request. */
export type FakeClock = Clock & {
  /** Advances both clocks, runs due timers in order, and lets their promises settle. */
  advance: (ms: number) => Promise<void>;
  /**
   * Advances both clocks in one busy turn of the event loop: `idleMs` does not change, and timers run only afterwards.
   */
  advanceBusy: (ms: number) => Promise<void>;
  /** Steps the wall clock alone, in either direction, as an operator or NTP would. Timers are not affected. */
  set: (nowMs: number) => void;
  /** Number of pending timers. */
  readonly pendingTimers: number;
};

type Timer = { readonly dueMs: number; readonly sequence: number; readonly fn: () => void };

/** Pending timers, ordered by due time and then by the order in which they were set. */
class Timers {
  readonly #timers = new Set<Timer>();
  #sequence = 0;

  get size(): number {
    return this.#timers.size;
  }

  /** Adds a timer and returns the function that cancels it. */
  add(dueMs: number, fn: () => void): () => void {
    this.#sequence += 1;
    const timer: Timer = { dueMs, sequence: this.#sequence, fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Removes and returns the first timer that is due by `untilMs`. */
  takeDue(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue;
      const isEarlier =
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.sequence < next.sequence);
      if (isEarlier) next = timer;
    }
    if (next !== undefined) this.#timers.delete(next);
    return next;
  }
}

// Two turns of the event loop: one for the promises that a timer resolved, one for the work that they started.
async function settle(): Promise<void> {
  for (let task = 0; task < 2; task += 1) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Creates a {@link FakeClock}. Its wall clock begins at `startMs` (default 2026-01-01T00:00:00Z), its monotonic at 0.
 */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Timers();
  let monotonicMs = 0;
  let busyMs = 0;
  let busyTurns = 0;
  let wallOffsetMs = startMs;

  async function advance(ms: number): Promise<void> {
    const untilMs = monotonicMs + ms;
    await settle();
    for (let timer = timers.takeDue(untilMs); timer !== undefined; timer = timers.takeDue(untilMs)) {
      monotonicMs = Math.max(monotonicMs, timer.dueMs);
      timer.fn();
      await settle();
    }
    monotonicMs = untilMs;
  }

  return {
    nowMs: () => wallOffsetMs + monotonicMs,
    monotonicMs: () => monotonicMs,
    idleMs: () => monotonicMs - busyMs,
    // One turn per millisecond while it is not busy.
    turns: () => monotonicMs - busyMs + busyTurns,
    setTimer: (fn, delayMs) => timers.add(monotonicMs + Math.max(0, delayMs), fn),
    advance,
    advanceBusy: async (ms) => {
      monotonicMs += ms;
      busyMs += ms;
      busyTurns += 1;
      await advance(0);
    },
    set: (nowMs) => {
      wallOffsetMs = nowMs - monotonicMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

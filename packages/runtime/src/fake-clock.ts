import type { Clock } from './clock.ts';

/** A clock that moves only when told to. */
export type FakeClock = Clock & {
  /** Moves both clocks forward, runs the timers that come due in their order, and lets their promises settle. */
  advance: (ms: number) => Promise<void>;
  /** Steps the wall clock alone, in either direction, as an operator or NTP would. Timers do not notice. */
  set: (nowMs: number) => void;
  /** How many timers wait. */
  readonly pendingTimers: number;
};

type Timer = { readonly dueMs: number; readonly sequence: number; readonly fn: () => void };

// Two turns of the event loop: one for what a timer resolved, one for what that started.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A {@link FakeClock} whose wall clock begins at `startMs` (default 2026-01-01T00:00:00Z) and whose monotonic at 0. */
export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  const timers = new Set<Timer>();
  let monotonicMs = 0;
  let wallOffsetMs = startMs;
  let sequence = 0;

  function nextDue(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs > untilMs) continue;
      const isEarlier =
        next === undefined ||
        timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.sequence < next.sequence);
      if (isEarlier) next = timer;
    }
    return next;
  }

  return {
    nowMs: () => wallOffsetMs + monotonicMs,
    monotonicMs: () => monotonicMs,
    setTimer: (fn, delayMs) => {
      sequence += 1;
      const timer: Timer = { dueMs: monotonicMs + Math.max(0, delayMs), sequence, fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (ms) => {
      const untilMs = monotonicMs + ms;
      await settle();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        monotonicMs = Math.max(monotonicMs, timer.dueMs);
        timer.fn();
        await settle();
      }
      monotonicMs = untilMs;
    },
    set: (nowMs) => {
      wallOffsetMs = nowMs - monotonicMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

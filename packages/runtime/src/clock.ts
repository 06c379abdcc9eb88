/** Time as a port, so that tests can control it. */
export type Clock = Readonly<{
  /** Wall clock, milliseconds since the epoch. May step in either direction. */
  nowMs: () => number;
  /** Monotonic milliseconds; for durations and deadlines. */
  monotonicMs: () => number;
  /** Milliseconds that the event loop of this process has been idle since it started. */
  idleMs: () => number;
  /**
   * Turns of the event loop since it started. Few turns in a long time: the loop is busy, or its process lacks CPU, and
   * input may have been unread for most of that time.
   */
  turns: () => number;
  /**
   * Calls `fn` once after `delayMs` (any length; a negative delay counts as 0) and returns a function that cancels it.
   */
  setTimer: (fn: () => void, delayMs: number) => () => void;
}>;

// Node turns a longer delay into 1 ms (with a warning), so a longer wait is split into several.
const longestTimerMs = 2_147_483_647;

function startTimer(fn: () => void, delayMs: number): () => void {
  let remainingMs = Math.max(0, delayMs);
  let timer: NodeJS.Timeout;
  const arm = () => {
    const stepMs = Math.min(remainingMs, longestTimerMs);
    remainingMs -= stepMs;
    timer = setTimeout(() => (remainingMs > 0 ? arm() : fn()), stepMs);
  };
  arm();
  return () => clearTimeout(timer);
}

/** The machine's clock and timers. */
export const systemClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  idleMs: () => performance.nodeTiming.idleTime,
  turns: () => performance.nodeTiming.uvMetricsInfo.loopCount,
  setTimer: startTimer,
});

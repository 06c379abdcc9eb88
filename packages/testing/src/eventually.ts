/** Polling interval, timeout and abort condition. */
export type EventuallyOptions = Readonly<{
  /** Timeout in milliseconds; default 15,000. */
  timeoutMs?: number;
  /** Milliseconds between tries; default 50. */
  everyMs?: number;
  /** Ends the polling at once with the last error, e.g. when the process under test has exited. */
  abortIf?: () => boolean;
}>;

/**
 * Calls `check` until it stops throwing and returns its result: tests wait this way, never with a sleep. At the
 * deadline it throws the last error, which therefore should describe what is still missing.
 */
export const eventually = async <T>(
  check: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> => {
  const { timeoutMs = 15_000, everyMs = 50, abortIf = () => false } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (abortIf() || performance.now() >= deadline) throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
};

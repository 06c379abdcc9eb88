/**
 * Waits for work that must not hold up a shutdown: at most `timeoutMs`, and a failure of it counts as its end. For
 * disconnecting, where a peer that is gone cannot be told anyway.
 */
export async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work.then(noop, noop), late]);
  clearTimeout(timer);
}

const noop = (): void => {};

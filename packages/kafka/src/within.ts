/**
 * Waits for work that must not delay a shutdown: at most `timeoutMs`; a failure counts as its end. For disconnecting,
 * where an unavailable peer cannot be notified anyway.
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

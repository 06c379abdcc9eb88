import type { Clock } from './clock.ts';

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. Never rejects. */
export async function sleep(clock: Pick<Clock, 'setTimer'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.setTimer(end, ms);
    signal?.addEventListener('abort', end);
  });
}

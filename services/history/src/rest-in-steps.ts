import { type Clock, sleep } from '@tidings/runtime';
import type { ListStep } from './list-in-steps.ts';

type Step<F, P, S> = (filters: F, page: P) => Promise<S>;

/**
 * Returns the `step` of a store for jobs, which read a list without a person who waits for it: after a step whose filters no index
 * serves it rests for as long as the step took, also if nothing was found. So a job has half of the time of such reads.
 */
export const restInSteps =
  <F, P, S extends ListStep<unknown, unknown>>(
    store: Readonly<{ step: Step<F, P, S> }>,
    isScanned: (filters: F) => boolean,
    clock: Pick<Clock, 'monotonicMs' | 'setTimer'>,
  ): Step<F, P, S> =>
  async (filters, page) => {
    const beganMs = clock.monotonicMs();
    const found = await store.step(filters, page);
    const tookMs = clock.monotonicMs() - beganMs;
    if (found.reached !== null && tookMs > 0 && isScanned(filters)) await sleep(clock, tookMs);
    return found;
  };

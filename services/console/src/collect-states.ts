import type { Clock } from '@tidings/runtime';
import { type Service, type ServiceState, stateOf } from './domain/service-state.ts';
import type { FetchReadiness } from './ports.ts';

/** What is asked, how, and for how long an answer is good (milliseconds): a busy page must not become load. */
export type CollectOptions = Readonly<{
  services: readonly Service[];
  fetchFrom: FetchReadiness;
  clock: Clock;
  freshMs: number;
}>;

/** Gives the state of all services, in their order. */
export type CollectStates = () => Promise<readonly ServiceState[]>;

/** Asks all services at once; whoever comes while the answers are fresh, or still awaited, shares them. */
export function createCollectStates({ services, fetchFrom, clock, freshMs }: CollectOptions): CollectStates {
  let last: Promise<readonly ServiceState[]> | undefined;
  let freshUntilMs = 0;
  const collect = async () =>
    Promise.all(services.map(async (service) => stateOf(service, await fetchFrom(service))));
  return async () => {
    if (last === undefined || clock.monotonicMs() >= freshUntilMs) {
      freshUntilMs = Number.POSITIVE_INFINITY;
      last = collect().finally(() => {
        freshUntilMs = clock.monotonicMs() + freshMs;
      });
    }
    return last;
  };
}

import type { Clock } from '@tidings/runtime';
import { type Service, type ServiceState, stateOf } from './domain/service-state.ts';
import type { FetchReadiness } from './ports.ts';

/**
 * The services, the function that fetches a state, and the cache time in milliseconds: a busy page must not create
 * load.
 */
export type CollectOptions = Readonly<{
  services: readonly Service[];
  fetchFrom: FetchReadiness;
  clock: Clock;
  freshMs: number;
}>;

/** Returns the states of all services, in their order. */
export type CollectStates = () => Promise<readonly ServiceState[]>;

/** Fetches the states of all services in parallel; callers share a result that is fresh or in progress. */
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

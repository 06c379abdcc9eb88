import { type ApiDescription, mergeDescriptions } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import type { Service } from './domain/service-state.ts';
import type { FetchDescription } from './ports.ts';

/** The services whose descriptions are joined, and the function that fetches one. */
export type CollectDescriptionOptions = Readonly<{
  services: readonly Service[];
  fetchFrom: FetchDescription;
  clock: Clock;
}>;

/** Returns the description of the whole API. */
export type CollectDescription = () => Promise<ApiDescription>;

// A part changes only when its service is upgraded; a missing part becomes available soon.
const freshMs = 60_000;
const missingFreshMs = 2_000;

/**
 * Fetches the descriptions of all services in parallel and joins them; callers share a result that is fresh or in
 * progress. A service that does not respond is represented by its last description; only one that has never responded
 * is missing.
 */
export function createCollectDescription(options: CollectDescriptionOptions): CollectDescription {
  const { services, fetchFrom, clock } = options;
  const lastParts = new Map<string, ApiDescription>();
  let last: Promise<ApiDescription> | undefined;
  let freshUntilMs = 0;
  const collect = async (): Promise<ApiDescription> => {
    const answers = await Promise.all(services.map(fetchFrom));
    answers.forEach((part, index) => {
      if (part !== null) lastParts.set(services[index]?.name ?? '', part);
    });
    const isWhole = answers.every((part) => part !== null);
    freshUntilMs = clock.monotonicMs() + (isWhole ? freshMs : missingFreshMs);
    const missing = services.map(({ name }) => name).filter((name) => !lastParts.has(name));
    return mergeDescriptions(
      services.flatMap(({ name }) => lastParts.get(name) ?? []),
      missing,
    );
  };
  return async () => {
    if (last === undefined || clock.monotonicMs() >= freshUntilMs) {
      freshUntilMs = Number.POSITIVE_INFINITY;
      last = collect();
    }
    return last;
  };
}

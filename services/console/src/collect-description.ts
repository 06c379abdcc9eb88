import { type ApiDescription, mergeDescriptions } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import type { Service } from './domain/service-state.ts';
import type { FetchDescription } from './ports.ts';

/** Whose descriptions are joined, and how they are asked for. */
export type CollectDescriptionOptions = Readonly<{
  services: readonly Service[];
  fetchFrom: FetchDescription;
  clock: Clock;
}>;

/** Gives the description of the whole API. */
export type CollectDescription = () => Promise<ApiDescription>;

// A part changes only when its service is replaced; one that is missing is soon there.
const freshMs = 60_000;
const missingFreshMs = 2_000;

/**
 * Asks all services at once and joins what they say; whoever comes while that is fresh, or still awaited, shares it. A
 * service that does not answer is told by its last words; only one that never answered is missing.
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

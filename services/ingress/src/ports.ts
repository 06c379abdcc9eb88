import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { StampedEvent } from './domain/stamp-event.ts';
import type { metricsCatalogue } from './metrics.ts';

/**
 * Puts an event on the log. Resolves when all in-sync replicas have it. Rejects with a retryable AppError when that is
 * not known in time: the event may be there all the same.
 */
export type PublishEvent = (stamped: StampedEvent) => Promise<void>;

/** What a failed publish is counted as: `unavailable` is the log's absence, `failed` a fault that a repeat will not mend. */
export const outcomeOf = (error: unknown): 'unavailable' | 'failed' =>
  error instanceof AppError && error.retryable ? 'unavailable' : 'failed';

/** What the use cases work with. */
export type AcceptPorts = Readonly<{
  publish: PublishEvent;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

import { type Logger, type Metrics, traceFields } from '@tidings/observability';
import type { FanOut } from './handle-event-accepted.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { LoggedEvent } from './ports.ts';

/** One event and its result, once the last of its records is acknowledged. */
export type FannedOut = Readonly<{
  logged: LoggedEvent;
  partition: number;
  result: FanOut;
  /** Time since it was written to the log, in milliseconds. */
  ageMs: number;
  /** Begin and end of its fan-out, in epoch milliseconds. */
  startMs: number;
  endMs: number;
}>;

type Parts = Readonly<{ metrics: Metrics<typeof metricsCatalogue>['handles']; logger: Logger }>;

/** Counts an event and writes its log line. */
export const createFanOutRecorder =
  ({ metrics, logger }: Parts) =>
  ({ logged, partition, result, ageMs }: FannedOut): void => {
    const { event, offset } = logged;
    const line = {
      eventId: event.id,
      eventType: event.eventType,
      workspaceId: event.workspaceId,
      consumerId: event.consumerId,
      partition,
      offset,
      ageMs,
      ...traceFields(event.traceparent),
    };
    metrics.eventAgeSeconds.observe({}, Math.max(0, ageMs) / 1_000, event.traceparent);
    switch (result.outcome) {
      case 'repeat':
        metrics.events.inc({ outcome: 'repeat' });
        logger.info(line, 'event.repeat-dropped');
        return;
      case 'poison':
        metrics.events.inc({ outcome: result.reason });
        logger.warn({ ...line, reason: result.reason, detail: result.detail }, 'event.dead-lettered');
        return;
      case 'unmatched':
      case 'fanned-out': {
        const matched = result.outcome === 'unmatched' ? 0 : result.matched.length;
        const disabled = result.outcome === 'unmatched' ? 0 : result.disabledCount;
        metrics.events.inc({ outcome: result.outcome });
        metrics.matches.observe({}, matched);
        if (matched > disabled)
          metrics.deliveriesRequested.inc({ subscription: 'active' }, matched - disabled);
        if (disabled > 0) metrics.deliveriesRequested.inc({ subscription: 'disabled' }, disabled);
        if (result.filterFailures > 0) metrics.filterFailures.inc({}, result.filterFailures);
        const notFiltered = result.outcome === 'unmatched' ? 0 : result.notFiltered.length;
        logger.info(
          {
            ...{ ...line, matched, disabled, filterFailures: result.filterFailures },
            ...(notFiltered > 0 && { notFiltered }),
          },
          'event.fanned-out',
        );
      }
    }
  };

import type { PhaseTimings } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import type { Job } from '../domain/in-flight.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { ReportAttempt } from '../ports.ts';

type Handles = Metrics<typeof metricsCatalogue>['handles'];

const phases = [
  ['dns', 'dnsMs'],
  ['connect', 'connectMs'],
  ['tls', 'tlsMs'],
  ['first_byte', 'firstByteMs'],
  ['body', 'bodyMs'],
] as const;

const observePhases = (handles: Handles, timings: PhaseTimings): void => {
  for (const [phase, key] of phases) {
    const ms = timings[key];
    if (ms !== null) handles.attemptSeconds.observe({ phase }, ms / 1_000);
  }
  handles.attemptSeconds.observe({ phase: 'total' }, timings.totalMs / 1_000);
};

/**
 * Creates the reporter of recorded attempts: one log line and the metrics of each.
 * Failure details in the line are for operators.
 */
export const createReportAttempt =
  ({ handles, logger }: Readonly<{ handles: Handles; logger: Logger }>): ReportAttempt =>
  (attempted, { resolution, timings, detail }) => {
    const { state, subscription, outcome, atMs, durationMs } = attempted;
    const result = outcome.kind === 'delivered' ? 'delivered' : outcome.reason;
    handles.attempts.inc({ outcome: result });
    if (result === 'blocked-address') handles.blocked.inc({});
    observePhases(handles, timings);
    if (state.attempt === 1 && state.trigger === 'event') {
      handles.acceptToFirstAttempt.observe({}, Math.max(0, atMs - state.acceptedAtMs) / 1_000);
    }
    const { attemptEvent } = resolution;
    logger.info(
      {
        deliveryId: state.deliveryId,
        eventId: state.eventId,
        eventType: state.eventType,
        workspaceId: state.workspaceId,
        subscriptionId: state.subscriptionId,
        subscriptionVersion: subscription.version,
        chain: state.chain,
        attempt: state.attempt,
        outcome: result,
        statusCode: outcome.statusCode,
        durationMs,
        sinceAcceptedMs: atMs - state.acceptedAtMs,
        next: attemptEvent?.next.kind ?? 'none',
        ...(detail === null ? {} : { detail }),
      },
      'delivery.attempted',
    );
  };

/** Counts commands by their resolution. */
export const createCountResolution =
  (handles: Handles) =>
  ({ entry }: Job, { attemptEvent, followUp }: Resolution): void => {
    const kind = attemptEvent?.outcome.kind;
    // Only the entry of a command that had ended before was removed.
    if (attemptEvent === null && followUp.kind === 'none') return;
    if (followUp.kind === 'dead-letter') handles.endings.inc({ ending: followUp.reason });
    else if (followUp.kind === 'none') handles.endings.inc({ ending: kind ?? 'none' });
    else if (kind === 'failed') handles.retriesScheduled.inc({});
    else if (entry === null && followUp.state.deferrals === 0) handles.hops.inc({ kind: 'wait' });
  };

import type { PhaseTimings } from '@tidings/contracts';
import { type Logger, traceFields } from '@tidings/observability';
import type { ConcludedAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/in-flight-jobs.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { DeliveryMetrics } from '../metrics.ts';

const phases = [
  ['dns', 'dnsMs'],
  ['connect', 'connectMs'],
  ['tls', 'tlsMs'],
  ['first_byte', 'firstByteMs'],
  ['body', 'bodyMs'],
] as const;

const observePhases = (
  metrics: DeliveryMetrics,
  timings: PhaseTimings,
  traceparent: string | undefined,
): void => {
  for (const [phase, key] of phases) {
    const ms = timings[key];
    if (ms !== null) metrics.attemptSeconds.observe({ phase }, ms / 1_000, traceparent);
  }
  metrics.attemptSeconds.observe({ phase: 'total' }, timings.totalMs / 1_000, traceparent);
};

type Recorded = Readonly<{
  attempted: ConcludedAttempt;
  resolution: Resolution;
  timings: PhaseTimings;
  detail: string | null;
  traceparent: string | undefined;
}>;

/**
 * Reports a recorded attempt: one log line and its metrics. Failure details in the line are for operators.
 */
export const reportAttempt = (
  { attempted, resolution, timings, detail, traceparent }: Recorded,
  { metrics, logger }: Readonly<{ metrics: DeliveryMetrics; logger: Logger }>,
): void => {
  const { state, subscription, outcome, atMs, durationMs } = attempted;
  const result = outcome.kind === 'delivered' ? 'delivered' : outcome.reason;
  metrics.attempts.inc({ outcome: result });
  if (result === 'blocked-address') metrics.blocked.inc({});
  observePhases(metrics, timings, traceparent);
  if (state.attempt === 1 && state.trigger === 'event') {
    const path = state.deferrals === 0 ? 'direct' : 'deferred';
    const seconds = Math.max(0, atMs - state.acceptedAtMs) / 1_000;
    metrics.acceptToFirstAttempt.observe({ path }, seconds, traceparent);
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
      ...traceFields(traceparent),
      ...(detail === null ? {} : { detail }),
    },
    'delivery.attempted',
  );
};

/** Counts a command by its resolution. */
export const countResolution = (
  { entry }: Job,
  { attemptEvent, followUp }: Resolution,
  metrics: DeliveryMetrics,
): void => {
  const kind = attemptEvent?.outcome.kind;
  // Only the entry of a command that had ended before was removed.
  if (attemptEvent === null && followUp.kind === 'none') return;
  if (followUp.kind === 'dead-letter') metrics.endings.inc({ ending: followUp.reason });
  else if (followUp.kind === 'none') metrics.endings.inc({ ending: kind ?? 'none' });
  else if (kind === 'failed') metrics.retriesScheduled.inc({});
  else if (entry === null && followUp.state.deferrals === 0) metrics.hops.inc({ kind: 'wait' });
};

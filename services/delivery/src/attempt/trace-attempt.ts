import { consumerGroups, topics } from '@tidings/contracts';
import { isRecorded, processSpan, recordSpan } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { ConcludedAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/in-flight-jobs.ts';

type Traced = Readonly<{ attempted: ConcludedAttempt; traceparent: string | undefined }>;

// The path of an endpoint is often a secret, its query and user information always may be.
const shownUrl = (url: string): URL => {
  const { origin } = new URL(url);
  return new URL('/REDACTED', origin);
};

const defaultPort = { 'http:': 80, 'https:': 443 } as const;

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? defaultPort[protocol === 'http:' ? 'http:' : 'https:'] : Number(port);

/**
 * Records the spans of an attempt that is in the log: its processing, from the time when the command was read, and in it
 * the request to the endpoint. Attempts of one delivery have the same parent.
 */
export const traceAttempt = (job: Job, { attempted, traceparent }: Traced, clock: Clock): void => {
  const { command, partition, traceparent: processing } = job;
  if (!isRecorded(processing)) return;
  const { state, subscription, outcome, atMs, endedAtMs } = attempted;
  const endMs = clock.nowMs();
  const error = outcome.kind === 'failed' ? outcome.reason : undefined;
  const failed = error === undefined ? {} : { error };
  recordSpan(
    processSpan({
      ...{ traceparent: processing, parent: command.traceparent, partition, ...failed, endMs },
      startMs: Math.min(atMs, endMs - (clock.monotonicMs() - job.arrivedMs)),
      ...{ topic: topics.deliveries.name, group: consumerGroups.delivery, messageId: state.deliveryId },
      attributes: {
        'tidings.event.id': state.eventId,
        'tidings.subscription.id': subscription.id,
        'tidings.attempt': state.attempt,
        'tidings.trigger': state.trigger,
      },
    }),
  );
  if (traceparent === undefined) return;
  const url = shownUrl(subscription.endpointUrl);
  const { statusCode } = outcome;
  recordSpan({
    ...{ traceparent, parent: processing, name: 'POST', kind: 'client', startMs: atMs, endMs: endedAtMs },
    attributes: {
      'http.request.method': 'POST',
      'server.address': url.hostname,
      'server.port': portOf(url),
      'url.full': url.href,
      ...(state.attempt > 1 && { 'http.request.resend_count': state.attempt - 1 }),
      ...(statusCode !== null && { 'http.response.status_code': statusCode }),
    },
    ...(error === undefined ? {} : { error: statusCode === null ? error : String(statusCode) }),
  });
};

import { consumerGroups, topics } from '@tidings/contracts';
import { childTraceparent, isRecorded, processSpan, recordSpan, sendSpan } from '@tidings/observability';
import type { FannedOut } from './record-fan-out.ts';

/**
 * Records the spans of an event whose records are acknowledged: one for its processing and, in it, one for the send of all its
 * commands, whose context they carry.
 */
export const traceFanOut = ({ logged, partition, result, startMs, endMs }: FannedOut): void => {
  const { event, offset } = logged;
  if (!isRecorded(event.traceparent)) return;
  const traceparent = childTraceparent(event.traceparent);
  recordSpan(
    processSpan({
      ...{ traceparent, parent: event.traceparent, startMs, endMs, partition, offset: BigInt(offset) },
      ...{ topic: topics.events.name, group: consumerGroups.fanout, messageId: event.id },
      attributes: { 'tidings.outcome': result.outcome },
      ...(result.outcome === 'poison' && { error: result.reason }),
    }),
  );
  if (result.outcome !== 'fanned-out') return;
  recordSpan(
    sendSpan({
      ...{ traceparent: result.traceparent, parent: traceparent, startMs, endMs },
      ...{ topic: topics.deliveries.name, count: result.matched.length },
    }),
  );
};

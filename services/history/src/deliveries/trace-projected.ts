import { type AttemptRecorded, topics } from '@tidings/contracts';
import type { WorkItem } from '@tidings/kafka';
import { childTraceparent, isRecorded, processSpan, recordSpan } from '@tidings/observability';

type Write = Readonly<{ group: string; tookMs: number }>;

/** Records a span for each attempt that a write has stored, in the trace of its event. */
export const traceProjected = (
  written: readonly WorkItem<AttemptRecorded>[],
  { group, tookMs }: Write,
): void => {
  for (const { record, message } of written) {
    const parent = record.headers['traceparent'];
    if (!isRecorded(parent)) continue;
    const endMs = Date.now();
    const { partition, offset } = record;
    const { deliveryId, attempt } = message;
    recordSpan(
      processSpan({
        ...{ traceparent: childTraceparent(parent), parent, startMs: endMs - tookMs, endMs },
        ...{ topic: topics.attempts.name, group, partition, offset, messageId: deliveryId },
        attributes: { 'tidings.attempt': attempt, 'messaging.batch.message_count': written.length },
      }),
    );
  }
};

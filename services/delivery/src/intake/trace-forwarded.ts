import type { IncomingRecord } from '@tidings/kafka';
import { childTraceparent, isRecorded, processSpan, recordSpan } from '@tidings/observability';

type Forwarded = Readonly<{ group: string; sentAtMs: number }>;

/** Records a span for each command that a rung has given back to the deliveries: what it waited there is an attribute. */
export const traceForwarded = (records: readonly IncomingRecord[], { group, sentAtMs }: Forwarded): void => {
  for (const { topic, partition, offset, headers, timestampMs } of records) {
    const parent = headers['traceparent'];
    if (!isRecorded(parent)) continue;
    recordSpan(
      processSpan({
        ...{ traceparent: childTraceparent(parent), parent, startMs: sentAtMs },
        ...{ topic, group, partition, offset },
        attributes: { 'tidings.wait_ms': Math.max(0, sentAtMs - timestampMs) },
      }),
    );
  }
};

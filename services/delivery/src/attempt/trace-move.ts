import { childTraceparent, isRecorded, recordSpan, sendSpan } from '@tidings/observability';
import type { Job } from '../domain/in-flight-jobs.ts';
import type { Resolution } from '../domain/resolution.ts';

type Move = Readonly<{ topic: string; startMs: number; endMs: number }>;

const attributesOf = ({ followUp }: Resolution) => {
  if (followUp.kind === 'none') return {};
  const { attempt, notBeforeMs } = followUp.state;
  if (followUp.kind === 'dead-letter')
    return { 'tidings.attempt': attempt, 'tidings.reason': followUp.reason };
  // The attempt that the command waits for.
  return {
    'tidings.attempt': attempt,
    ...(notBeforeMs !== null && { 'tidings.not_before': new Date(notBeforeMs).toISOString() }),
  };
};

/**
 * Records the span of the record that takes the place of a command: on a rung, in an ordered queue, or as a dead letter. It
 * is part of the attempt, if there was one; the record carries the context that the command had.
 */
export const traceMove = (job: Job, resolution: Resolution, { topic, startMs, endMs }: Move): void => {
  const parent = job.traceparent ?? job.command.traceparent;
  if (!isRecorded(parent)) return;
  recordSpan(
    sendSpan({
      ...{ topic, parent, traceparent: childTraceparent(parent), startMs, endMs },
      ...{ carries: 'earlier context', messageId: job.command.state.deliveryId },
      attributes: attributesOf(resolution),
    }),
  );
};

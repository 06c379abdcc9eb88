import { type CreatedMessages, childTraceparent, isRecorded, recordSpan } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { BatchResult, Job } from './domain/job.ts';

/**
 * Carries out a batch of a job, and records its span in the trace of the request for the job: that of the webhooks that it
 * sends (`messages`), else one of its own. A batch that found nothing to do has none.
 */
export async function traceBatch(
  { id, kind, traceparent: parent }: Pick<Job, 'id' | 'kind' | 'traceparent'>,
  messages: CreatedMessages,
  carryOut: () => Promise<BatchResult>,
): Promise<BatchResult> {
  const startMs = Date.now();
  const trace = (done: number, error?: string): void => {
    if (messages.count > 0 || !isRecorded(parent) || (done === 0 && error === undefined)) return;
    recordSpan({
      ...{ traceparent: childTraceparent(parent), parent, name: `batch ${kind}`, kind: 'internal', startMs },
      attributes: { 'tidings.job.id': id, 'tidings.job.kind': kind, 'tidings.job.done': done },
      ...(error === undefined ? {} : { error }),
    });
  };
  try {
    const result = await messages.during(carryOut);
    trace(result.done);
    return result;
  } catch (thrown) {
    trace(0, thrown instanceof AppError ? thrown.code : 'failed');
    throw thrown;
  }
}

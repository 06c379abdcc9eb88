import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock, sleep } from '@tidings/runtime';
import { closedError, detailOf, isRejection } from '../client/errors.ts';
import type { BufferedRecord, PartitionSlice } from './record-buffer.ts';

export type RetryPartitionOptions = Readonly<{
  slice: PartitionSlice;
  /** Error of the first send; `isOwnError`: the send contained only this partition. */
  failure: Readonly<{ error: unknown; isOwnError: boolean }>;
  /** Sends some of the records and settles their groups. */
  send: (records: readonly BufferedRecord[]) => Promise<void>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onSettled: (records: readonly BufferedRecord[]) => void;
}>;

const backoff = { baseMs: 150, maxMs: 2_000, random: Math.random };

/**
 * Repeats one partition's part of a failed send, in order, until each record is acknowledged, no longer awaited by its
 * caller, or the producer closes. Only a record that the broker refuses for its content is rejected: the part is halved
 * until that record is alone. Any of it may already be in the log, so this creates duplicates, never gaps.
 */
export async function retryPartition(options: RetryPartitionOptions): Promise<void> {
  const { slice, failure, clock, logger, signal, onSettled } = options;
  const { topic, partition } = slice.queue;
  const parts: (readonly BufferedRecord[])[] = [slice.records];
  let error = failure.isOwnError || !isRejection(failure.error) ? failure.error : undefined;
  let failures = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    if (isRejection(error) && part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      parts.unshift(part.slice(0, middle), part.slice(middle));
      error = undefined;
      continue;
    }
    if (isRejection(error)) {
      reject(part, rejected(topic, error));
      onSettled(part);
      error = undefined;
      continue;
    }
    if (error !== undefined) {
      failures += 1;
      await sleep(clock, backoffMs({ attempt: failures, ...backoff }), signal);
    }
    if (signal.aborted) reject(part, closedError());
    const live = part.filter(({ group }) => !group.isSettled);
    if (live.length < part.length) onSettled(part.filter(({ group }) => group.isSettled));
    error = undefined;
    if (live.length === 0) continue;
    try {
      await options.send(live);
      logger.info({ topic, partition, failures, records: live.length }, 'producer.recovered');
      failures = 0;
    } catch (thrown) {
      logger.warn({ topic, partition, failures, detail: detailOf(thrown) }, 'producer.send-failed');
      error = thrown;
      parts.unshift(live);
    }
  }
}

const rejected = (topic: string, cause: unknown): AppError =>
  new AppError({ code: 'unprocessable', message: `${topic} refused the record: ${detailOf(cause)}`, cause });

function reject(records: readonly BufferedRecord[], error: AppError): void {
  for (const { group } of records) group.fail(error);
}

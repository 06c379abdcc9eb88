import {
  decodeEventTypeSeen,
  type EventTypeSeen,
  encodeEventTypeSeen,
  topics,
  type WorkspaceId,
} from '@tidings/contracts';
import type { Bus, PartitionRunner, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, sleep } from '@tidings/runtime';

const publishDeadlineMs = 5_000;
const retryMs = 1_000;
const maxPending = 100;

/**
 * Returns a function that publishes unregistered event type names. It never rejects or delays its caller: a lost name
 * is reported at its next use.
 */
export const seenTypeReporter =
  (producer: Pick<Producer, 'publishAll'>, logger: Logger) =>
  (workspaceId: WorkspaceId, names: readonly string[]): void => {
    const records = names.map((name) => ({
      topic: topics.seenEventTypes,
      ...encodeEventTypeSeen({ type: 'EventTypeSeen.v1', workspaceId, name }),
    }));
    producer.publishAll(records, { deadlineMs: publishDeadlineMs }).catch((error: unknown) => {
      logger.debug({ workspaceId, detail: messageOf(error) }, 'event-type.seen-not-published');
    });
  };

type Reading = Readonly<{
  bus: Pick<Bus, 'runPartitions'>;
  group: string;
  /** Records a name. Retried until it resolves, because the database may be unavailable. */
  note(seen: EventTypeSeen): Promise<unknown>;
  clock: Clock;
  logger: Logger;
}>;

/** Records unregistered names one after another, so that no workspace exceeds its limit. */
export async function consumeSeenTypes({
  bus,
  group,
  note,
  clock,
  logger,
}: Reading): Promise<Pick<PartitionRunner, 'state' | 'close'>> {
  const closing = new AbortController();
  let queue = Promise.resolve();
  const recordWithRetry = async (seen: EventTypeSeen): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await note(seen);
        return;
      } catch (error) {
        logger.debug({ eventType: seen.name, detail: messageOf(error) }, 'event-type.seen-not-recorded');
        await sleep(clock, retryMs, closing.signal);
      }
    }
  };
  const runner = await bus.runPartitions<EventTypeSeen>({
    group,
    topics: [topics.seenEventTypes],
    decode: decodeEventTypeSeen,
    onBatch: ({ items }) => {
      for (const item of items) {
        queue = queue.then(async () => {
          await recordWithRetry(item.message);
          if (!closing.signal.aborted) item.done();
        });
      }
    },
    maxPendingPerPartition: maxPending,
  });
  return {
    state: () => runner.state(),
    close: async (options) => {
      closing.abort();
      await runner.close(options);
    },
  };
}

import {
  allTopics,
  type EventId,
  largeDataPrefix,
  largeDataPrefixOf,
  type WorkspaceId,
} from '@tidings/contracts';
import type { ObjectStorage } from '@tidings/object-storage';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';
import type { Retention } from '../retention.ts';

const dayMs = 86_400_000;

// Of the topics that lose records by their age: a record in any of them may name the data of an event.
const longestTopicMs = Math.max(
  ...allTopics.map(({ config }) => Number(config['retention.ms'] ?? 0)).filter(Number.isSafeInteger),
);

// A retry or redrive of a dead letter at its last hour needs the data until that delivery ends.
const longestDeliveryMs = 7 * dayMs;

/** Removes the data of events, whatever their hash. Returns the number of objects. */
export const removeDataOf = async (
  storage: Pick<ObjectStorage, 'list' | 'delete'>,
  workspaceId: WorkspaceId,
  eventIds: readonly EventId[],
): Promise<number> => {
  let removed = 0;
  for (const eventId of eventIds) {
    for await (const { key } of storage.list(largeDataPrefixOf({ workspaceId, eventId }))) {
      await storage.delete(key);
      removed += 1;
    }
  }
  return removed;
};

/** The dependencies of collecting. `deadLetterRetentionMs`: that of a workspace without a setting of its own. */
export type CollectParts = Readonly<{
  storage: Pick<ObjectStorage, 'list' | 'head' | 'delete' | 'removeStaged'>;
  retention: Pick<Retention, 'ready' | 'lengthMs'>;
  deadLetterRetentionMs: number;
}>;

/**
 * Removes data that nothing can need any more, by their age: a day more than the longest of the topics and of the dead
 * letters of their workspace, and a delivery that began at their end. Nothing asks whether an event exists, so an object whose event was never accepted goes like
 * any other, and a history that is behind or empty removes nothing that is needed. Also removes what crashes have left of
 * uploads, after a day. Returns the number of objects.
 */
export const collectLargeData = async (
  { storage, retention, deadLetterRetentionMs }: CollectParts,
  nowMs: number,
): Promise<number> => {
  await retention.ready();
  await storage.removeStaged(nowMs - dayMs);
  let removed = 0;
  for await (const { key, modifiedAtMs } of storage.list(largeDataPrefix)) {
    const [workspaceId = null] = key.slice(largeDataPrefix.length).split('/');
    const heldMs = Math.max(longestTopicMs, retention.lengthMs(workspaceId, deadLetterRetentionMs));
    const beforeMs = nowMs - heldMs - longestDeliveryMs - dayMs;
    if (modifiedAtMs > beforeMs) continue;
    // A dead letter may have made it young since it was listed.
    const found = await storage.head(key);
    if (found === null || found.modifiedAtMs > beforeMs) continue;
    await storage.delete(key);
    removed += 1;
  }
  return removed;
};

const everyMs = 3_600_000;

/** Collects at each hour. Returns a function that stops it. */
export const collectPeriodically = (
  parts: CollectParts,
  { clock, logger }: Readonly<{ clock: Clock; logger: Logger }>,
): (() => void) =>
  runPeriodically({
    clock,
    firstMs: everyMs,
    everyMs,
    run: async () => {
      try {
        const objects = await collectLargeData(parts, clock.nowMs());
        if (objects > 0) logger.info({ objects }, 'large-data.collected');
      } catch (error) {
        // The next run finds the same ones again.
        logger.warn({ detail: messageOf(error) }, 'large-data.not-collected');
      }
    },
  });

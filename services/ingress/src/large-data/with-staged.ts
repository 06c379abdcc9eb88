import { type LargeData, type LargeDataOwner, largeDataKey } from '@tidings/contracts';
import type { ObjectStorage, StagedObject } from '@tidings/object-storage';
import type { Logger } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import type { UploadSlots } from './upload-slots.ts';

/** Dependencies of staging data in the object storage. */
export type Staging = Readonly<{
  storage: Pick<ObjectStorage, 'stage'>;
  slots: UploadSlots;
  logger: Logger;
}>;

/** Data that are being written. `finish` gives them the key of their event, before its record is published. */
export type StagedData = Readonly<{
  write(chunk: Buffer): Promise<void>;
  finish(owner: LargeDataOwner & Pick<LargeData, 'sha256'>): Promise<void>;
}>;

const retryAfterMs = 5_000;

/**
 * Stages data of a workspace in the object storage while `work` reads them. If it rejects, they are removed, unless they have
 * their key: the log may have the record then, or that of a repeat, which has the same key. Rejects as {@link UploadSlots},
 * and with `unavailable` if the storage does not take them.
 */
export async function withStaged<T>(
  { storage, slots, logger }: Staging,
  workspaceId: LargeDataOwner['workspaceId'],
  work: (staged: StagedData) => Promise<T>,
): Promise<T> {
  const release = slots.take(workspaceId);
  let staged: StagedObject | undefined;
  try {
    const object = await inStorage(logger, async () => storage.stage());
    staged = object;
    return await work({
      write: async (chunk) => inStorage(logger, async () => object.write(chunk)),
      finish: async (owner) => inStorage(logger, async () => object.finish(largeDataKey(owner))),
    });
  } catch (error) {
    await staged?.discard().catch((cause: unknown) => {
      logger.warn({ detail: messageOf(cause) }, 'large-data.not-discarded');
    });
    throw error;
  } finally {
    release();
  }
}

/** Runs a step in the storage, whose failures are those of this installation and not of the caller. */
async function inStorage<T>(logger: Logger, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    logger.error({ detail: messageOf(cause) }, 'large-data.not-stored');
    throw new AppError({
      code: 'unavailable',
      message:
        'The object storage does not take the data of the event: nothing was written. Repeat the request later.',
      isPublic: true,
      retryAfterMs,
      cause,
    });
  }
}

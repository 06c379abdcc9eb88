import { largeDataKey } from '@tidings/contracts';
import type { ObjectStorage, StagedObject } from '@tidings/object-storage';
import type { Logger } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import {
  type AcceptDependencies,
  type Accepted,
  createAcceptEvent,
  type Submission,
} from '../accept-event.ts';
import type { EventDraft } from '../domain/stamp-event.ts';
import { readLargeEvent } from './read-large-event.ts';
import type { UploadSlots } from './upload-slots.ts';

/** Accepts an event whose body is read as a stream. */
export type AcceptLargeEvent = (body: AsyncIterable<Buffer>, submission: Submission) => Promise<Accepted>;

/** Dependencies of the use case. `readEnvelope` reads an event in whose text `null` stands for its data. */
export type AcceptLargeDependencies = AcceptDependencies &
  Readonly<{
    storage: Pick<ObjectStorage, 'stage'>;
    slots: UploadSlots;
    readEnvelope(envelope: Buffer): EventDraft;
  }>;

const retryAfterMs = 5_000;

/**
 * Creates the use case that accepts an event with large data. They are staged in the object storage while they are read and
 * hashed; the event is checked, the data get their key, and the record that names them is published, in this order. An
 * event that is refused leaves nothing. After the data have their key, nothing removes them here: the log may have the
 * record, or that of a repeat, which has the same key.
 */
export const createAcceptLargeEvent =
  (dependencies: AcceptLargeDependencies): AcceptLargeEvent =>
  async (body, submission) => {
    const { slots, storage, logger } = dependencies;
    const release = slots.take(submission.workspaceId);
    let staged: StagedObject | undefined;
    try {
      staged = await inStorage(logger, async () => storage.stage());
      return await accept(dependencies, { staged, body, submission });
    } catch (error) {
      await staged?.discard().catch((cause: unknown) => {
        logger.warn({ detail: messageOf(cause) }, 'large-data.not-discarded');
      });
      throw error;
    } finally {
      release();
    }
  };

type Upload = Readonly<{
  staged: StagedObject;
  body: AsyncIterable<Buffer>;
  submission: Submission;
}>;

async function accept(
  dependencies: AcceptLargeDependencies,
  { staged, body, submission }: Upload,
): Promise<Accepted> {
  const { logger, publish, readEnvelope, metrics } = dependencies;
  const write = async (data: Buffer): Promise<void> => inStorage(logger, async () => staged.write(data));
  const { envelope, large } = await readLargeEvent(body, write);
  const acceptEvent = createAcceptEvent({
    ...dependencies,
    publish: async (events, options) => {
      for (const { event } of events) {
        const { id: eventId, workspaceId } = event;
        const key = largeDataKey({ workspaceId, eventId, sha256: large.sha256 });
        await inStorage(logger, async () => staged.finish(key));
      }
      return publish(events, options);
    },
  });
  const read = (): EventDraft => ({ ...readEnvelope(envelope), data: Buffer.alloc(0), large });
  const accepted = await acceptEvent(read, submission);
  metrics.largeBytes.inc({}, large.bytes);
  return accepted;
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

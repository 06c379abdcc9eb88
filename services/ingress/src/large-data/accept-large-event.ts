import {
  type AcceptDependencies,
  type Accepted,
  createAcceptEvent,
  type Submission,
} from '../accept-event.ts';
import type { EventDraft } from '../domain/stamp-event.ts';
import { readLargeEvent } from './read-large-event.ts';
import { type StagedData, type Staging, withStaged } from './with-staged.ts';

/** Accepts an event whose body is read as a stream. */
export type AcceptLargeEvent = (body: AsyncIterable<Buffer>, submission: Submission) => Promise<Accepted>;

/** Dependencies of the use case. `readEnvelope` reads an event in whose text `null` stands for its data. */
export type AcceptLargeDependencies = AcceptDependencies &
  Staging &
  Readonly<{ readEnvelope(envelope: Buffer): EventDraft }>;

/**
 * Creates the use case that accepts an event with large data. They are staged in the object storage while they are read and
 * hashed; the event is checked, the data get their key, and the record that names them is published, in this order. An
 * event that is refused leaves nothing.
 */
export const createAcceptLargeEvent =
  (dependencies: AcceptLargeDependencies): AcceptLargeEvent =>
  async (body, submission) =>
    withStaged(dependencies, submission.workspaceId, async (staged) =>
      accept(dependencies, { staged, body, submission }),
    );

type Upload = Readonly<{ staged: StagedData; body: AsyncIterable<Buffer>; submission: Submission }>;

async function accept(
  dependencies: AcceptLargeDependencies,
  { staged, body, submission }: Upload,
): Promise<Accepted> {
  const { publish, readEnvelope, metrics } = dependencies;
  const { envelope, large } = await readLargeEvent(body, staged.write);
  const acceptEvent = createAcceptEvent({
    ...dependencies,
    publish: async (events, options) => {
      for (const { event } of events) {
        const { id: eventId, workspaceId } = event;
        await staged.finish({ workspaceId, eventId, sha256: large.sha256 });
      }
      return publish(events, options);
    },
  });
  const read = (): EventDraft => ({ ...readEnvelope(envelope), data: Buffer.alloc(0), large });
  const accepted = await acceptEvent(read, submission);
  metrics.largeBytes.inc({}, large.bytes);
  return accepted;
}

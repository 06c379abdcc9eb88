import type { CreatedMessages } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { type Content, type DeadLetter, deadLetterKey } from './domain/dead-letter.ts';
import type { DeadLetterJob, OffsetRange, Progress } from './domain/dead-letter-job.ts';
import { markRecovered } from './handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, DeadLetterStore, KnownSubscriptions } from './ports.ts';

/** The dependencies of a batch. */
export type JobBatchParts = Readonly<{
  deadLetters: DeadLetterStore;
  deliveries: Pick<DeliveryStore, 'read'>;
  journal: DeadLetterJournal;
  subscriptions: KnownSubscriptions;
  clock: Clock;
}>;

// The bodies of a batch are in memory at the same time; one dead letter always fits.
const maxBatchBytes = 4 * 1024 * 1024;

/** Returns the longest prefix of dead letters whose bodies fit into a batch. */
const lightest = (deadLetters: readonly DeadLetter[]): readonly DeadLetter[] => {
  let bytes = 0;
  const end = deadLetters.findIndex((deadLetter, at) => {
    bytes += deadLetter.bytes;
    return at > 0 && bytes > maxBatchBytes;
  });
  return end < 0 ? deadLetters : deadLetters.slice(0, end);
};

const isFor = (deadLetter: DeadLetter, { id }: DeadLetterJob): boolean =>
  deadLetter.state === 'waiting' || (deadLetter.state === 'redriving' && deadLetter.taken?.jobId === id);

/** Returns true if the dead letter's subscription receives; a poison record goes to a topic, which always does. */
const canReceive = ({ ref, subscriptionId }: DeadLetter, subscriptions: KnownSubscriptions): boolean =>
  ref.kind === 'poison' || (subscriptionId !== null && subscriptions.get(subscriptionId)?.state === 'active');

const chainsAfter = async (
  { deliveries }: JobBatchParts,
  deadLetters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, number>> => {
  const names = deadLetters.flatMap(({ ref }) =>
    ref.kind === 'delivery' ? [{ id: ref.deliveryId, eventId: ref.eventId }] : [],
  );
  const known = await deliveries.read(names);
  return new Map(
    deadLetters.map(({ ref }) => {
      if (ref.kind === 'poison') return [deadLetterKey(ref), 0];
      const events = known.get(ref.deliveryId)?.delivery.attemptEvents ?? [];
      return [deadLetterKey(ref), Math.max(ref.chain, ...events.map(({ chain }) => chain)) + 1];
    }),
  );
};

const redrive = async (
  parts: JobBatchParts,
  job: DeadLetterJob,
  { found, signal, messages }: Omit<Batch, 'range' | 'limit'> & Readonly<{ found: readonly DeadLetter[] }>,
) => {
  const { deadLetters, journal, subscriptions, clock } = parts;
  const refs = found.map(({ ref }) => ref);
  const recovered = await markRecovered(parts, refs);
  const undelivered = found.filter(({ ref }) => !recovered.has(deadLetterKey(ref)));
  const receiving = undelivered.filter((deadLetter) => canReceive(deadLetter, subscriptions));
  const fresh = receiving.filter(({ state }) => state === 'waiting');
  const chains = await chainsAfter(parts, fresh);
  const chainOf = ({ ref }: DeadLetter): number => chains.get(deadLetterKey(ref)) ?? 0;
  await deadLetters.take(
    fresh.map((deadLetter) => ({
      ref: deadLetter.ref,
      taken: { jobId: job.id, chain: chainOf(deadLetter) },
    })),
  );
  // Read again: another job may have taken them first, and a run that continues after a crash must send the same chain.
  const stored = new Map(
    (await deadLetters.read(receiving.map(({ ref }) => ref))).map((one) => [one.id, one]),
  );
  const ours = receiving.flatMap(({ id }) => {
    const deadLetter = stored.get(id);
    return deadLetter?.state === 'redriving' && deadLetter.taken?.jobId === job.id ? [deadLetter] : [];
  });
  const contents = await deadLetters.readContents(ours.map(({ ref }) => ref));
  const erased = ours.filter(({ ref }) => contents.get(deadLetterKey(ref))?.kind === 'erased').length;
  const complete = ours.flatMap((deadLetter) => withContent(deadLetter, contents, subscriptions));
  signal.throwIfAborted();
  await journal.redrive(complete, messages);
  const settlement = { how: 'redriven', by: job.requestedBy, reason: null, atMs: clock.nowMs() } as const;
  await journal.settle(
    complete.map(({ deadLetter }) => deadLetter),
    settlement,
  );
  await deadLetters.settle(
    complete.map(({ deadLetter }) => deadLetter.ref),
    settlement,
  );
  return {
    redriven: complete.length,
    delivered: recovered.size,
    skipped: undelivered.length - receiving.length,
    erased,
    failed: ours.length - complete.length - erased,
  };
};

const withContent = (
  deadLetter: DeadLetter,
  contents: ReadonlyMap<string, Content>,
  subscriptions: KnownSubscriptions,
) => {
  const content = contents.get(deadLetterKey(deadLetter.ref));
  const subscriptionVersion = subscriptions.get(deadLetter.subscriptionId ?? '')?.version ?? 0;
  return content === undefined || content.kind === 'erased'
    ? []
    : [{ deadLetter, content, subscriptionVersion }];
};

const discard = async (parts: JobBatchParts, job: DeadLetterJob, found: readonly DeadLetter[]) => {
  const { deadLetters, journal, clock } = parts;
  const waiting = found.filter(({ state }) => state === 'waiting');
  const { requestedBy: by, spec } = job;
  const settlement = { how: 'discarded', by, reason: spec.reason, atMs: clock.nowMs() } as const;
  await journal.settle(waiting, settlement);
  const discarded = await deadLetters.settle(
    waiting.map(({ ref }) => ref),
    settlement,
  );
  return { discarded };
};

/**
 * A batch: at most `limit` dead letters of a range. `signal`: nothing is sent any more once it has aborted. `messages`:
 * those that are sent.
 */
type Batch = Readonly<{
  range: OffsetRange;
  limit: number;
  signal: AbortSignal;
  messages: CreatedMessages | undefined;
}>;

/** Returns the next dead letters of a range that are for this job, and the offset after them. */
const takeNext = async ({ deadLetters }: JobBatchParts, job: DeadLetterJob, { range, limit }: Batch) => {
  const filters = { ...job.spec.filters, states: ['waiting', 'redriving'] } as const;
  const page = await deadLetters.listInOrder(filters, range, limit);
  const taken = lightest(page);
  const last = taken.at(-1);
  const isAtEnd = last === undefined || (taken.length === page.length && page.length < limit);
  const next = isAtEnd ? range.end : last.position.offset + 1;
  return { found: taken.filter((deadLetter) => isFor(deadLetter, job)), next };
};

/**
 * Redrives the next dead letters of a range. Each is marked as redriven only after its command and the settlement
 * record are acknowledged. A crash therefore sends it again in the same chain, and the delivery service recognises the
 * duplicate.
 */
export const redriveBatch = async (
  parts: JobBatchParts,
  job: DeadLetterJob,
  batch: Batch,
): Promise<Progress> => {
  const { found, next } = await takeNext(parts, job, batch);
  const { partition } = batch.range;
  if (found.length === 0) return { counts: {}, sent: 0, partition, next };
  const counts = await redrive(parts, job, { ...batch, found });
  return { counts, sent: counts.redriven, partition, next };
};

/** Discards the next dead letters of a range. */
export const discardBatch = async (
  parts: JobBatchParts,
  job: DeadLetterJob,
  batch: Batch,
): Promise<Progress> => {
  const { found, next } = await takeNext(parts, job, batch);
  const { partition } = batch.range;
  const counts = found.length === 0 ? {} : await discard(parts, job, found);
  return { counts, sent: 0, partition, next };
};

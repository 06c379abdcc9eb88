import type { Clock } from '@tidings/runtime';
import type { DeliveryStore } from '../ports.ts';
import { type Content, type DeadLetter, letterKey } from './domain/dead-letter.ts';
import {
  type DeadLetterJob,
  noCounts,
  type Progress,
  type Stretch,
  turnSize,
} from './domain/dead-letter-job.ts';
import { markRecovered } from './handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, DeadLetterStore, SubscriptionDirectory } from './ports.ts';

/** What a turn works with. */
export type TurnParts = Readonly<{
  letters: DeadLetterStore;
  deliveries: Pick<DeliveryStore, 'read'>;
  journal: DeadLetterJournal;
  subscriptions: SubscriptionDirectory;
  clock: Clock;
}>;

// Bodies of a turn are in memory at the same time; one letter always fits.
const maxTurnBytes = 4 * 1024 * 1024;

/** As many of the first letters as a turn's bodies may weigh. */
const lightest = (letters: readonly DeadLetter[]): readonly DeadLetter[] => {
  let bytes = 0;
  const end = letters.findIndex((letter, at) => {
    bytes += letter.bytes;
    return at > 0 && bytes > maxTurnBytes;
  });
  return end < 0 ? letters : letters.slice(0, end);
};

const isFor = (letter: DeadLetter, { id }: DeadLetterJob): boolean =>
  letter.state === 'waiting' || (letter.state === 'redriving' && letter.taken?.jobId === id);

/** Whether the letter's subscription receives; a poison record goes to a topic, which always does. */
const canReceive = ({ ref, subscriptionId }: DeadLetter, subscriptions: SubscriptionDirectory): boolean =>
  ref.kind === 'poison' ||
  (subscriptionId !== null && subscriptions.find(subscriptionId)?.state === 'active');

const chainsAfter = async (
  { deliveries }: TurnParts,
  letters: readonly DeadLetter[],
): Promise<ReadonlyMap<string, number>> => {
  const names = letters.flatMap(({ ref }) =>
    ref.kind === 'delivery' ? [{ id: ref.deliveryId, eventId: ref.eventId }] : [],
  );
  const known = await deliveries.read(names);
  return new Map(
    letters.map(({ ref }) => {
      if (ref.kind === 'poison') return [letterKey(ref), 0];
      const facts = known.get(ref.deliveryId)?.delivery.facts ?? [];
      return [letterKey(ref), Math.max(ref.chain, ...facts.map(({ chain }) => chain)) + 1];
    }),
  );
};

const redrive = async (parts: TurnParts, job: DeadLetterJob, found: readonly DeadLetter[]) => {
  const { letters, journal, subscriptions, clock } = parts;
  const refs = found.map(({ ref }) => ref);
  const recovered = await markRecovered(parts, refs);
  const undelivered = found.filter(({ ref }) => !recovered.has(letterKey(ref)));
  const receiving = undelivered.filter((letter) => canReceive(letter, subscriptions));
  const fresh = receiving.filter(({ state }) => state === 'waiting');
  const chains = await chainsAfter(parts, fresh);
  const chainOf = ({ ref }: DeadLetter): number => chains.get(letterKey(ref)) ?? 0;
  await letters.take(
    fresh.map((letter) => ({ ref: letter.ref, taken: { jobId: job.id, chain: chainOf(letter) } })),
  );
  // Read again: another job may have been faster, and whoever goes on after a crash must send the same chain again.
  const stored = new Map((await letters.read(receiving.map(({ ref }) => ref))).map((one) => [one.id, one]));
  const ours = receiving.flatMap(({ id }) => {
    const letter = stored.get(id);
    return letter?.state === 'redriving' && letter.taken?.jobId === job.id ? [letter] : [];
  });
  const contents = await letters.readContents(ours.map(({ ref }) => ref));
  const complete = ours.flatMap((letter) => withContent(letter, contents, subscriptions));
  await journal.redrive(complete);
  const settlement = { how: 'redriven', by: job.by, reason: null, atMs: clock.nowMs() } as const;
  await journal.settle(
    complete.map(({ letter }) => letter),
    settlement,
  );
  await letters.settle(
    complete.map(({ letter }) => letter.ref),
    settlement,
  );
  return {
    settled: complete.length,
    delivered: recovered.size,
    skipped: undelivered.length - receiving.length,
    failed: ours.length - complete.length,
  };
};

const withContent = (
  letter: DeadLetter,
  contents: ReadonlyMap<string, Content>,
  subscriptions: SubscriptionDirectory,
) => {
  const content = contents.get(letterKey(letter.ref));
  const subscriptionVersion = subscriptions.find(letter.subscriptionId ?? '')?.version ?? 0;
  return content === undefined ? [] : [{ letter, content, subscriptionVersion }];
};

const discard = async (parts: TurnParts, job: DeadLetterJob, found: readonly DeadLetter[]) => {
  const { letters, journal, clock } = parts;
  const waiting = found.filter(({ state }) => state === 'waiting');
  const settlement = { how: 'discarded', by: job.by, reason: job.reason, atMs: clock.nowMs() } as const;
  await journal.settle(waiting, settlement);
  const settled = await letters.settle(
    waiting.map(({ ref }) => ref),
    settlement,
  );
  return { ...noCounts, settled };
};

/**
 * One turn of a job: takes the next letters of a stretch and sends them again, or discards them. Record before forget:
 * a letter is marked as sent when its command and the fact of it are acknowledged, so a crash sends it again in the same
 * chain, which the delivery service recognises.
 */
export const workOffLetters = async (
  parts: TurnParts,
  job: DeadLetterJob,
  stretch: Stretch,
): Promise<Progress> => {
  const limit = turnSize(job);
  const page = await parts.letters.listInOrder(
    { ...job.filters, states: ['waiting', 'redriving'] },
    stretch,
    limit,
  );
  const taken = lightest(page);
  const last = taken.at(-1);
  const isAtEnd = last === undefined || (taken.length === page.length && page.length < limit);
  const next = isAtEnd ? stretch.end : last.place.offset + 1;
  const found = taken.filter((letter) => isFor(letter, job));
  const work = job.action === 'redrive' ? redrive : discard;
  const counts = found.length === 0 ? noCounts : await work(parts, job, found);
  return { counts, partition: stretch.partition, next };
};

import {
  allTopics,
  decodeDeadLetterFact,
  decodeSubscription,
  encodeDelivery,
  encodeSettled,
  topics,
} from '@tidings/contracts';
import type { Bus, IncomingRecord, OutgoingRecord, Producer, Table } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';
import { type Content, type DeadLetter, redriven, settledFact } from '../domain/dead-letter.ts';
import type { DeadLetterFact } from '../handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, KnownSubscription, ReadEnds, SubscriptionDirectory } from '../ports.ts';

// Below the time for which a job is claimed: who cannot write gives its claim up, and does not write much later.
const publish = { deadlineMs: 10_000 } as const;

/** Decodes a record of the topic. Throws DecodeError. */
export const decodeLetterRecord = (record: IncomingRecord): DeadLetterFact => {
  const fact = decodeDeadLetterFact(record);
  if (!('letter' in fact)) return fact;
  const place = { partition: record.partition, offset: Number(record.offset) };
  return { ...fact, traceparent: record.headers['traceparent'] ?? null, place };
};

const recordFor = (letter: DeadLetter, content: Content, subscriptionVersion: number): OutgoingRecord => {
  if (content.kind === 'delivery') {
    const chain = letter.taken?.chain ?? 0;
    return {
      topic: topics.deliveries,
      ...encodeDelivery(redriven(content.command, { chain, subscriptionVersion })),
    };
  }
  const { origin, hadValue } = content.poison;
  const topic = allTopics.find(({ name }) => name === origin.topic);
  if (topic === undefined) {
    throw new AppError({ code: 'conflict', message: `There is no topic '${origin.topic}' any more.` });
  }
  return { topic, key: origin.key, headers: origin.headers, value: hadValue ? content.value : null };
};

/** What is done with dead letters, in Kafka. */
export const createLetterJournal = (producer: Producer): DeadLetterJournal => ({
  redrive: async (letters) => {
    const records = letters.map(({ letter, content, subscriptionVersion }) =>
      recordFor(letter, content, subscriptionVersion),
    );
    if (records.length > 0) await producer.publishAll(records, publish);
  },
  settle: async (letters, settlement) => {
    const records = letters.map((letter) => ({
      topic: topics.deadLetters,
      ...encodeSettled(settledFact(letter, settlement)),
      partition: letter.place.partition,
    }));
    if (records.length > 0) await producer.publishAll(records, publish);
  },
});

/** The ends of the topic, and how far a group has stored it. */
export const readEndsOf =
  (bus: Pick<Bus, 'lag'>, group: string): ReadEnds =>
  async () => {
    const lags = await bus.lag(group, [topics.deadLetters]);
    return new Map(
      lags.map(({ partition, committedOffset, highOffset }) => [
        partition,
        { end: Number(highOffset), stored: Number(committedOffset) },
      ]),
    );
  };

/** The table of subscriptions, reduced to what is needed here: no secret stays in memory. */
export const openSubscriptionTable = async (
  bus: Pick<Bus, 'table'>,
  onChange: (id: KnownSubscription['id']) => void,
): Promise<Table<KnownSubscription>> =>
  bus.table<KnownSubscription>({
    topic: topics.subscriptions,
    service: 'history',
    decode: (record) => {
      const { id, workspaceId, state, version, enabledVersion, onEnable } = decodeSubscription(record);
      return { key: id, version, value: { id, workspaceId, state, version, enabledVersion, onEnable } };
    },
    onChange: (_key, value) => {
      if (value !== undefined) onChange(value.id);
    },
  });

/** The table as the dead letters see it. */
export const directoryOf = (
  table: Pick<Table<KnownSubscription>, 'get' | 'values'>,
): SubscriptionDirectory => ({
  find: (id) => table.get(id),
  values: () => table.values(),
});

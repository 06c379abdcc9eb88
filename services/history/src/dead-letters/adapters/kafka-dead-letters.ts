import { allTopics, decodeDeadLetterFact, encodeDelivery, encodeSettled, topics } from '@tidings/contracts';
import {
  type Bus,
  type IncomingRecord,
  type OutgoingRecord,
  openSubscriptionTable,
  type Producer,
  type Table,
} from '@tidings/kafka';
import type { CreatedMessages } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { inTrace } from '../../trace-command.ts';
import { redriven, settledEvent } from '../domain/dead-letter.ts';
import type { DeadLetterEvent } from '../handle-dead-letter-recorded.ts';
import type { DeadLetterJournal, KnownSubscription, ReadEnds } from '../ports.ts';

// Shorter than the claim on a job: a run that cannot write gives up its claim, and no write follows much later.
const publish = { deadlineMs: 10_000 } as const;

/** Decodes a record of the topic. Throws DecodeError. */
export const decodeDeadLetterRecord = (record: IncomingRecord): DeadLetterEvent => {
  const event = decodeDeadLetterFact(record);
  if (!('deadLetter' in event)) return event;
  const position = { partition: record.partition, offset: Number(record.offset) };
  return { ...event, traceparent: record.headers['traceparent'] ?? null, position };
};

type Redriven = Parameters<DeadLetterJournal['redrive']>[0][number];

const recordFor = (
  { deadLetter, content, subscriptionVersion }: Redriven,
  messages: CreatedMessages | undefined,
): OutgoingRecord => {
  if (content.kind === 'delivery') {
    const chain = deadLetter.taken?.chain ?? 0;
    return {
      topic: topics.deliveries,
      ...encodeDelivery(inTrace(redriven(content.command, { chain, subscriptionVersion }), messages)),
    };
  }
  const { origin, hadValue } = content.poison;
  const topic = allTopics.find(({ name }) => name === origin.topic);
  if (topic === undefined) {
    throw new AppError({ code: 'conflict', message: `Topic '${origin.topic}' no longer exists.` });
  }
  return { topic, key: origin.key, headers: origin.headers, value: hadValue ? content.value : null };
};

/** Creates a journal that writes redrives and settlements of dead letters to Kafka. */
export const createDeadLetterJournal = (producer: Producer): DeadLetterJournal => ({
  redrive: async (deadLetters, messages) => {
    const records = deadLetters.map((one) => recordFor(one, messages));
    if (records.length > 0) await producer.publishAll(records, publish);
  },
  settle: async (deadLetters, settlement) => {
    const records = deadLetters.map((deadLetter) => ({
      topic: topics.deadLetters,
      ...encodeSettled(settledEvent(deadLetter, settlement)),
      partition: deadLetter.position.partition,
    }));
    if (records.length > 0) await producer.publishAll(records, publish);
  },
});

/** Returns a function that reads the ends of the topic and the offsets that a group has committed. */
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

/** Opens the table of subscriptions, reduced to the required fields: no secret stays in memory. */
export const openKnownSubscriptions = async (
  bus: Pick<Bus, 'table'>,
  onChange: (id: KnownSubscription['id']) => void,
): Promise<Table<KnownSubscription>> =>
  openSubscriptionTable<KnownSubscription>(bus, {
    service: 'history',
    select: ({ id, workspaceId, state, version, enabledVersion, onEnable, largePayloads, ...rest }) => ({
      id,
      workspaceId,
      state,
      version,
      enabledVersion,
      onEnable,
      format: rest.format,
      ordering: rest.ordering,
      ...(largePayloads !== undefined && { largePayloads }),
    }),
    onChange: (id, value) => {
      if (value !== undefined) onChange(id);
    },
  });

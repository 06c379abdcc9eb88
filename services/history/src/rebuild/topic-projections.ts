import {
  DecodeError,
  decodeAttempt,
  decodeAudit,
  decodeRun,
  decodeWebhookReceived,
  type TopicDefinition,
  topics,
  type WorkspaceId,
} from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { AuditStore } from '../audit/ports.ts';
import { decodeDeadLetterRecord } from '../dead-letters/adapters/kafka-dead-letters.ts';
import { handleDeadLetterRecorded } from '../dead-letters/handle-dead-letter-recorded.ts';
import type { DeadLetterStore } from '../dead-letters/ports.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { projectAttempts } from '../deliveries/project-attempts.ts';
import { decodeStoredEvent } from '../events/adapters/kafka-event-log.ts';
import type { EventStore } from '../events/ports.ts';
import type { ReceivedStore } from '../received/ports.ts';
import { projectReceived } from '../received/project-received.ts';
import type { RunStore } from '../runs/ports.ts';
import { projectRuns } from '../runs/project-runs.ts';
import { createAttemptLog } from '../statistics/adapters/kafka-attempt-log.ts';
import { FactsToBuckets } from '../statistics/apply-facts.ts';
import { factOfAttempt, factOfEvent } from '../statistics/domain/fact.ts';
import { KnownAttempts } from '../statistics/known-attempts.ts';
import type { StatisticsStore } from '../statistics/ports.ts';
import type { TopicProjection } from './ports.ts';

/** The stores that a rebuild fills. */
export type RebuiltStores = Readonly<{
  deliveries: DeliveryStore;
  events: EventStore;
  deadLetters: DeadLetterStore;
  audit: Pick<AuditStore, 'insert'>;
  received: ReceivedStore;
  runs: RunStore;
  statistics: StatisticsStore;
}>;

/** The dependencies of the projections. `ownerOf` returns the workspace of a subscription. */
export type ProjectionParts = Readonly<{
  bus: Pick<Bus, 'readRange'>;
  stores: RebuiltStores;
  ownerOf: (subscription: string) => WorkspaceId | undefined;
  clock: Pick<Clock, 'nowMs'>;
}>;

type Projection<M> = Readonly<{
  topic: TopicDefinition;
  chunkRecords: number;
  decode(record: IncomingRecord): M | null;
  write(messages: readonly M[]): Promise<unknown>;
}>;

const ofTopic = <M>(
  bus: Pick<Bus, 'readRange'>,
  { topic, chunkRecords, decode, write }: Projection<M>,
): TopicProjection => ({
  topic: topic.name,
  chunkRecords,
  read: async (partition, from, until) => {
    const messages: M[] = [];
    await bus.readRange({
      topic,
      partitions: [partition],
      from: { offsets: new Map([[partition, BigInt(from)]]) },
      until: new Map([[partition, BigInt(until)]]),
      service: 'history-rebuild',
      onRecord: (record) => {
        // Decoded at once: bytes that are not stored need not wait in memory.
        const message = decodedBy(decode, record);
        if (message !== null) messages.push(message);
      },
    });
    return async () => void (messages.length > 0 && (await write(messages)));
  },
});

/** Returns the message of a record; null for one that does not decode: it is a dead letter already. */
const decodedBy = <M>(decode: (record: IncomingRecord) => M | null, record: IncomingRecord): M | null => {
  try {
    return decode(record);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
};

/** Returns the projections of the topics in the order in which a rebuild reads them. They write as the service does. */
export const topicProjections = ({
  bus,
  stores,
  ownerOf,
  clock,
}: ProjectionParts): readonly TopicProjection[] => {
  const buckets = new FactsToBuckets(
    stores.statistics,
    new KnownAttempts(createAttemptLog(bus, 'history-rebuild')),
  );
  const count = async (facts: readonly ReturnType<typeof factOfAttempt>[]) =>
    buckets.add(
      facts.filter((fact) => fact !== null),
      clock.nowMs(),
    );
  return [
    // Before the attempts, whose successes settle dead letters. A chunk holds their bodies.
    ofTopic(bus, {
      ...{ topic: topics.deadLetters, chunkRecords: 250, decode: decodeDeadLetterRecord },
      write: async (events) => handleDeadLetterRecorded({ ...stores, ownerOf }, events),
    }),
    ofTopic(bus, {
      ...{ topic: topics.attempts, chunkRecords: 2_000 },
      decode: (record) => {
        const attempt = decodeAttempt(record);
        return { attempt, fact: factOfAttempt(attempt, record) };
      },
      write: async (items) => {
        await projectAttempts(
          stores,
          items.map(({ attempt }) => attempt),
        );
        await count(items.map(({ fact }) => fact));
      },
    }),
    ofTopic(bus, {
      ...{ topic: topics.events, chunkRecords: 2_000, decode: decodeStoredEvent },
      write: async (events) => {
        await stores.events.insert(events);
        await count(
          events.map((event) => factOfEvent(event, { topic: topics.events.name, ...event.position })),
        );
      },
    }),
    ...logProjections(bus, stores),
  ];
};

/** Returns the projections of topics whose records are listed as they are. */
const logProjections = (
  bus: Pick<Bus, 'readRange'>,
  { received, runs, audit }: Pick<RebuiltStores, 'received' | 'runs' | 'audit'>,
): readonly TopicProjection[] => [
  ofTopic(bus, {
    ...{ topic: topics.received, chunkRecords: 2_000, decode: decodeWebhookReceived },
    write: async (facts) => projectReceived(received, facts),
  }),
  ofTopic(bus, {
    ...{ topic: topics.runs, chunkRecords: 500, decode: decodeRun },
    // What failed was told when it did.
    write: async (recorded) => projectRuns({ runs, tell: async () => {} }, recorded),
  }),
  ofTopic(bus, {
    ...{ topic: topics.audit, chunkRecords: 2_000 },
    decode: (record) => ({ entry: decodeAudit(record), offset: Number(record.offset) }),
    write: async (entries) => audit.insert(entries),
  }),
];

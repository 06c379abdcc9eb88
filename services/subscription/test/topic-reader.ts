import { decodeSubscription, type SubscriptionRecord, topics } from '@tidings/contracts';
import { connectKafka, type Producer } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { sharedBrokers } from '@tidings/testing';
import { onTestFinished } from 'vitest';

/** One record of the subscriptions topic; null is a tombstone. */
export type RecordsOnTopic = Readonly<{ key: string | null; record: SubscriptionRecord | null }>;

/** Reads the subscriptions topic from its beginning throughout a test, and can write to it like another instance. */
export async function openTopic(): Promise<{
  topicVersions: readonly RecordsOnTopic[];
  of(id: string): readonly (SubscriptionRecord | null)[];
  versionsOf(id: string): readonly (number | undefined)[];
  producer: Producer;
}> {
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const topicVersions: RecordsOnTopic[] = [];
  const table = await bus.table({
    topic: topics.subscriptions,
    service: 'test',
    decode: (incoming) => {
      const record = decodeSubscription(incoming);
      topicVersions.push({ key: incoming.key, record });
      return { key: record.id, version: record.version, value: record };
    },
    onChange: (key, value) => {
      if (value === undefined) topicVersions.push({ key, record: null });
    },
  });
  await table.ready();
  const of = (id: string) => topicVersions.filter(({ key }) => key === id).map(({ record }) => record);
  return {
    topicVersions,
    of,
    versionsOf: (id) => of(id).map((record) => record?.version),
    producer: await bus.producer(),
  };
}

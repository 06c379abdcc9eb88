import { decodeSubscription, encodeSubscription, type SubscriptionId, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord, Producer, Table } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';
import type { LandedVersions } from '../../registry/domain/landed-versions.ts';
import { digestOf } from '../../registry/domain/record-digest.ts';
import type { SubscriptionTopic } from '../ports.ts';

// The sweep reads the current version and tries again, so an attempt need not outlast a hiccup of the brokers.
const publishDeadlineMs = 5_000;

/** The compacted topic as a port. */
export const kafkaSubscriptionTopic = (producer: Producer): SubscriptionTopic => ({
  publish: async (record) => {
    const wire = encodeSubscription(record);
    await producer.publish({ topic: topics.subscriptions, ...wire }, { deadlineMs: publishDeadlineMs });
  },
  publishTombstone: async (id) => {
    const tombstone = { topic: topics.subscriptions, key: id, value: null };
    await producer.publish(tombstone, { deadlineMs: publishDeadlineMs });
  },
});

/** What reading the topic back tells: each record into `landed`, and the subscriptions that an older one overtook. */
export type TailOptions = Readonly<{
  bus: Bus;
  landed: LandedVersions;
  onOvertaken(id: SubscriptionId): void;
}>;

/**
 * Reads our own topic back. The table itself holds nothing: it is the decoding of every record, older ones included, that
 * shows what compaction would keep.
 */
export async function tailSubscriptions({ bus, landed, onOvertaken }: TailOptions): Promise<Table<null>> {
  return bus.table<null>({
    topic: topics.subscriptions,
    service: 'subscription',
    decode: (record) => {
      const { id, version, enabledVersion, state } = decodeSubscription(record);
      const landing = landed.land(id, {
        version,
        enabledVersion,
        isDeleted: state === 'deleted',
        digest: digestOf(bytesOf(record)),
        offset: record.offset,
      });
      if (landing === 'overtaken') onOvertaken(id);
      return { key: id, version, value: null };
    },
    onChange: (key, value) => {
      if (value === undefined) landed.remove(key);
    },
  });
}

function bytesOf({ value }: IncomingRecord): Buffer {
  if (value !== null) return value;
  throw new AppError({ code: 'undecodable', message: 'a tombstone has no version' });
}

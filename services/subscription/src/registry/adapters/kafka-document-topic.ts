import { DecodeError, type TopicDefinition } from '@tidings/contracts';
import type { Bus, IncomingRecord, Producer, Table } from '@tidings/kafka';
import type { DocumentKind } from '../document-kind.ts';
import { digestOf } from '../domain/record-digest.ts';
import type { TopicVersions } from '../domain/topic-versions.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { DocumentTopic } from '../ports.ts';

// The sweep reads the current version and retries, so one attempt need not outlast a short broker outage.
const publishDeadlineMs = 5_000;

/** Returns the compacted topic of a kind as a port. */
export const kafkaDocumentTopic = <T extends Versioned>(
  { topic, keyPrefix, encode }: DocumentKind<T>,
  producer: Producer,
): DocumentTopic<T> => ({
  publish: async (entity) => {
    await producer.publish({ topic, ...encode(entity) }, { deadlineMs: publishDeadlineMs });
  },
  publishTombstone: async (id) => {
    const tombstone = { topic, key: `${keyPrefix}${id}`, value: null };
    await producer.publish(tombstone, { deadlineMs: publishDeadlineMs });
  },
});

/**
 * A kind whose records are read back into `topicVersions`. `onSuperseded`: called for a record older than one before.
 */
export type ReadBack = Readonly<{
  kind: Pick<DocumentKind<Versioned>, 'topic' | 'keyPrefix' | 'recordInfoOf'>;
  topicVersions: TopicVersions;
  onSuperseded(id: string): void;
}>;

/**
 * Reads a topic of this service back, for all kinds that it contains. The table stores no values: decoding every
 * record, older ones included, yields the state that compaction would leave.
 */
export async function readBack(
  bus: Bus,
  topic: TopicDefinition,
  kinds: readonly ReadBack[],
): Promise<Table<null>> {
  const ownerOf = (key: string): ReadBack | undefined =>
    kinds.find(({ kind }) => kind.topic === topic && key.startsWith(kind.keyPrefix));
  return bus.table<null>({
    topic,
    service: 'subscription',
    decode: (record) => {
      const key = record.key ?? '';
      const owner = ownerOf(key);
      if (owner === undefined) throw new DecodeError('not a record of this release', `its key is '${key}'`);
      const info = owner.kind.recordInfoOf(record);
      const id = key.slice(owner.kind.keyPrefix.length);
      const landing = owner.topicVersions.apply(id, {
        ...info,
        digest: digestOf(bytesOf(record)),
        offset: record.offset,
      });
      if (landing === 'superseded') owner.onSuperseded(id);
      return { key, version: info.version, value: null };
    },
    onChange: (key, value) => {
      const owner = ownerOf(key);
      if (value === undefined) owner?.topicVersions.remove(key.slice(owner.kind.keyPrefix.length));
    },
  });
}

function bytesOf({ value }: IncomingRecord): Buffer {
  if (value !== null) return value;
  throw new DecodeError('not a version', 'the value is missing');
}

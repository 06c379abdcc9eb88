import {
  DecodeError,
  decodeDocumentCopy,
  documentCopyKey,
  type TopicDefinition,
  topics,
} from '@tidings/contracts';
import type { Bus, IncomingRecord, Producer, Table } from '@tidings/kafka';
import { copyDigestOf } from '../copy-digest.ts';
import type { DocumentKind } from '../document-kind.ts';
import { digestOf } from '../domain/record-digest.ts';
import type { TopicVersions } from '../domain/topic-versions.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { DocumentTopic } from '../ports.ts';

// The sweep reads the current version and retries, so one attempt need not outlast a short broker outage.
const publishDeadlineMs = 5_000;

/** Returns the compacted topic of a kind, and that of the copies, as a port. */
export const kafkaDocumentTopic = <T extends Versioned>(
  { name, topic, keyPrefix, encode, encodeCopy }: DocumentKind<T>,
  producer: Pick<Producer, 'publishAll'>,
): DocumentTopic<T> => ({
  publish: async (entity) => {
    const records = [
      { topic, ...encode(entity) },
      { topic: topics.registry, ...encodeCopy(entity) },
    ];
    await producer.publishAll(records, { deadlineMs: publishDeadlineMs });
  },
  publishCopy: async (entity) => {
    const record = { topic: topics.registry, ...encodeCopy(entity) };
    await producer.publishAll([record], { deadlineMs: publishDeadlineMs });
  },
  publishTombstone: async (id) => {
    const tombstones = [
      { topic, key: `${keyPrefix}${id}`, value: null },
      { topic: topics.registry, key: documentCopyKey(name, id), value: null },
    ];
    await producer.publishAll(tombstones, { deadlineMs: publishDeadlineMs });
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

/** A kind whose copies are read back into `copyVersions`. `onSuperseded`: called for a copy older than one before. */
export type CopiesReadBack = Readonly<{
  kind: Pick<DocumentKind<Versioned>, 'name'>;
  copyVersions: TopicVersions;
  onSuperseded(id: string): void;
}>;

/** Reads the copies of all kinds back. Their documents are not decoded: only a restore needs them. */
export async function readCopiesBack(bus: Bus, kinds: readonly CopiesReadBack[]): Promise<Table<null>> {
  const ownerOf = (name: string): CopiesReadBack | undefined => kinds.find(({ kind }) => kind.name === name);
  return bus.table<null>({
    topic: topics.registry,
    service: 'subscription',
    decode: (record) => {
      const { kind, document } = decodeDocumentCopy(record);
      const owner = ownerOf(kind);
      if (owner === undefined) throw new DecodeError('not a copy of this release', `its kind is '${kind}'`);
      const { _id: id, version, state, deleted_at_ms: deletedAtMs } = document;
      const landing = owner.copyVersions.apply(id, {
        ...{ version, countedVersion: 0, isDeleted: state === 'deleted', offset: record.offset },
        deletedAtMs: typeof deletedAtMs === 'number' ? deletedAtMs : null,
        digest: copyDigestOf(record),
      });
      if (landing === 'superseded') owner.onSuperseded(id);
      return { key: documentCopyKey(kind, id), version, value: null };
    },
    onChange: (key, value) => {
      const at = key.indexOf('/');
      if (value === undefined) ownerOf(key.slice(0, at))?.copyVersions.remove(key.slice(at + 1));
    },
  });
}

function bytesOf({ value }: IncomingRecord): Buffer {
  if (value !== null) return value;
  throw new DecodeError('not a version', 'the value is missing');
}

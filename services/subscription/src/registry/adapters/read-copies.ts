import { decodeDocumentCopy, documentCopyKey, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { messageOf } from '@tidings/runtime';
import type { DocumentKind } from '../document-kind.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { Copies, UnreadableCopy } from '../ports.ts';

/** Reader of the newest copies. Records are decoded and validated for one kind at a time. */
export type CopiesReader = Readonly<{
  of<T extends Versioned>(kind: DocumentKind<T>): Copies<T>;
  /** Records of no known kind, or that are no copies at all. */
  unknown: readonly UnreadableCopy[];
}>;

type Newest = Readonly<{ kind: string; id: string; version: number; record: IncomingRecord }>;

/** Reads a topic from its beginning to its current end. */
export async function readWhole(
  bus: Bus,
  topic: (typeof topics)['registry' | 'audit'],
  onRecord: (record: IncomingRecord) => void,
): Promise<void> {
  const partitions = (await bus.ends([topic])).map(({ partition }) => partition);
  const service = 'subscription-restore';
  await bus.readRange({ topic, partitions, from: { offsets: new Map() }, service, onRecord });
}

/**
 * Reads the newest copy of each document. The newest version counts, not the last record: a stalled instance may have
 * written an older version after it.
 */
export async function readCopies(bus: Bus, kinds: readonly string[]): Promise<CopiesReader> {
  const newest = new Map<string, Newest>();
  const refused = new Map<string, UnreadableCopy>();
  await readWhole(bus, topics.registry, (record) => {
    const key = record.key ?? '';
    if (record.value === null) {
      newest.delete(key);
      refused.delete(key);
      return;
    }
    try {
      const { kind, document } = decodeDocumentCopy(record);
      const { _id: id, version } = document;
      if (version >= (newest.get(key)?.version ?? 0)) newest.set(key, { kind, id, version, record });
    } catch (error) {
      refused.set(key, { key, detail: messageOf(error) });
    }
  });
  const ofOthers = [...newest]
    .filter(([, { kind }]) => !kinds.includes(kind))
    .map(([key, { kind }]) => ({ key, detail: `this release does not know the kind '${kind}': update it` }));
  return {
    of: (kind) => decodeAll(kind, newest.values()),
    // A record that is no copy matters only where no other one of its key is.
    unknown: [...ofOthers, ...[...refused.values()].filter(({ key }) => !newest.has(key))],
  };
}

function decodeAll<T extends Versioned>(kind: DocumentKind<T>, newest: Iterable<Newest>): Copies<T> {
  const documents = new Map<string, T>();
  const unreadable: UnreadableCopy[] = [];
  for (const { kind: name, id, record } of newest) {
    if (name !== kind.name) continue;
    try {
      documents.set(id, kind.decodeCopy(record));
    } catch (error) {
      unreadable.push({ key: documentCopyKey(name, id), detail: messageOf(error) });
    }
  }
  return { documents, unreadable };
}

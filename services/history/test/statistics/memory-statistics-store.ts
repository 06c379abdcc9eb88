import {
  type BucketDocument,
  cellsByPath,
  cellsOf,
  toCellDocument,
} from '../../src/statistics/adapters/bucket-document.ts';
import { bucketStart, granularities, keyFrom, keysOf } from '../../src/statistics/domain/bucket.ts';
import type { StatisticsStore } from '../../src/statistics/ports.ts';

type Node = { [name: string]: Node | number | string };
type Stored = { startMs: number; expiresMs: number; applied: number; tree: Node };

const parentOf = (tree: Node, path: string): [parent: Node, name: string] => {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let node = tree;
  for (const name of names) {
    node[name] ??= {};
    node = node[name] as Node;
  }
  return [node, last];
};

/** The statistics in memory. `all` returns the documents; `failNext` lets the next change be stored and rejected. */
export type MemoryStatisticsStore = StatisticsStore &
  Readonly<{ all(): Readonly<Record<string, unknown>>; failNext(error: Error): void }>;

export const createMemoryStatisticsStore = (): MemoryStatisticsStore => {
  const documents = new Map<string, Stored>();
  const errors: Error[] = [];
  const documentOf = (id: string, { startMs, expiresMs, applied, tree }: Stored): BucketDocument => ({
    ...tree,
    ...{ _id: id, start: new Date(startMs), expires: new Date(expiresMs), applied },
  });
  return {
    all: () => Object.fromEntries([...documents].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    failNext: (error) => errors.push(error),
    open: async (buckets) =>
      new Map(
        buckets.map((bucket) => {
          const { key: id, startMs, expiresMs } = bucket;
          const stored = documents.get(id) ?? { startMs, expiresMs, applied: -1, tree: {} };
          documents.set(id, stored);
          return [id, { offset: stored.applied, cells: cellsByPath(documentOf(id, stored)) }];
        }),
      ),
    apply: async (changes) => {
      let applied = 0;
      for (const { bucket, expected, offset, changed } of changes) {
        const stored = documents.get(bucket.key);
        if (stored?.applied !== expected) continue;
        applied += 1;
        stored.applied = offset;
        const set = (path: string, value: Node[string]) => {
          const [parent, name] = parentOf(stored.tree, path);
          parent[name] = value;
        };
        for (const [path, cell] of changed.cells) set(path, { ...toCellDocument(cell) });
        for (const [path, owner] of changed.owners) set(path, owner);
      }
      const error = errors.shift();
      // As when the connection breaks after the write.
      if (error !== undefined) throw error;
      return applied;
    },
    async *read(query) {
      const { granularity, workspaceId, startMs, endMs } = query;
      const from = keyFrom(workspaceId, granularity, startMs);
      const to = keyFrom(workspaceId, granularity, endMs);
      for (const [id, stored] of documents) {
        if (id >= from && id < to) yield* cellsOf(documentOf(id, stored), query);
      }
    },
    purge: async (nowMs, limit) => {
      const expired = [...documents].filter(([, { expiresMs }]) => expiresMs < nowMs);
      for (const [id] of expired.slice(0, limit)) documents.delete(id);
      return Math.min(expired.length, limit);
    },
    purgeOf: async (workspaceId, beforeMs, limit) => {
      const ended = granularities.flatMap((granularity) => {
        const end = keyFrom(workspaceId, granularity, bucketStart(granularity, beforeMs));
        return [...documents.keys()].filter((id) => id > keysOf(workspaceId, granularity) && id < end);
      });
      for (const id of ended.slice(0, limit)) documents.delete(id);
      return Math.min(ended.length, limit);
    },
  };
};

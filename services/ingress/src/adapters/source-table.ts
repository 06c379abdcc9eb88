import { decodeSource, type SourceRecord, topics } from '@tidings/contracts';
import type { Bus, Table } from '@tidings/kafka';
import type { SourceDirectory } from '../ports.ts';

/** Keeps the sources of all workspaces in sync with the compacted topic. Secrets stay sealed. */
export const openSourceTable = async (
  bus: Pick<Bus, 'table'>,
): Promise<Pick<SourceDirectory, 'find'> & Readonly<{ ready: () => Promise<void> }>> => {
  const sources = new Map<string, SourceRecord>();
  const table: Table<SourceRecord> = await bus.table<SourceRecord>({
    topic: topics.sources,
    service: 'ingress',
    decode: (record) => {
      const value = decodeSource(record);
      return { key: value.id, version: value.version, value };
    },
    onChange: (key, value) => {
      if (value === undefined) sources.delete(key);
      else sources.set(key, value);
    },
  });
  return { ready: async () => table.ready(), find: (id) => sources.get(id) };
};

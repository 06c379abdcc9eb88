import { decodeSource, type SourceId, topics, type WorkspaceId } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { lookUpOnceRead } from '../../adapters/look-up-once-read.ts';

/** Knows the workspace of each source. */
export type KnownSources = Readonly<{
  /** Returns true if a workspace has the source. Throws AppError `unavailable` until all sources have been read. */
  isOf(id: SourceId, workspaceId: WorkspaceId): boolean;
  close(): Promise<void>;
}>;

/** Opens the table of sources, reduced to their workspaces: no secret stays in memory. */
export const openKnownSources = async (bus: Pick<Bus, 'table'>): Promise<KnownSources> => {
  const table = await bus.table<WorkspaceId>({
    topic: topics.sources,
    service: 'history',
    decode: (record) => {
      const { id, version, workspaceId } = decodeSource(record);
      return { key: id, version, value: workspaceId };
    },
  });
  const ownerOf = lookUpOnceRead(table, 'sources');
  return {
    isOf: (id, workspaceId) => ownerOf(id) === workspaceId,
    close: async () => table.close(),
  };
};

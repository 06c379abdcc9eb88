import { decodeSource, type SourceId, topics, type WorkspaceId } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';

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
  let isReady = false;
  void table.ready().then(() => {
    isReady = true;
  });
  return {
    isOf: (id, workspaceId) => {
      const owner = table.get(id);
      if (owner === undefined && !isReady)
        throw new AppError({ code: 'unavailable', message: 'The sources are still being read.' });
      return owner === workspaceId;
    },
    close: async () => table.close(),
  };
};

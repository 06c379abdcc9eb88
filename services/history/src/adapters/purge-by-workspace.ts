import type { Model } from 'mongoose';

/** Returns the workspaces that have documents of a collection; null for those of no known workspace. */
export const workspacesOf = async <T>(model: Model<T>): Promise<readonly (string | null)[]> =>
  model.distinct('workspace_id') as unknown as Promise<readonly (string | null)[]>;

/** One step of a purge: up to `limit` documents of a workspace whose time lies before another. */
export type PurgeStep = Readonly<{ workspaceId: string | null; beforeMs: number; limit: number }>;

/**
 * Removes the documents of a step; returns their number. They are found by workspace and time, so that the index of the
 * lists serves here too. `first` is called with their keys before.
 */
export const purgeOf = async <T>(
  model: Model<T>,
  timeField: string,
  {
    workspaceId,
    beforeMs,
    limit,
    first,
  }: PurgeStep & Readonly<{ first?: (ids: readonly string[]) => Promise<unknown> }>,
): Promise<number> => {
  const expired = { workspace_id: workspaceId, [timeField]: { $lt: new Date(beforeMs) } };
  const found = await model
    .find(expired as never, { _id: 1 })
    .limit(limit)
    .lean<{ _id: string }[]>();
  const ids = found.map(({ _id }) => _id);
  if (ids.length === 0) return 0;
  await first?.(ids);
  const { deletedCount } = await model.deleteMany({ _id: { $in: ids } } as never);
  return deletedCount;
};

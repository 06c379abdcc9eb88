import type { Model } from 'mongoose';

/**
 * Removes up to `limit` documents whose time lies before another; returns their number. Goes by workspace, so that the
 * index of the lists serves here too.
 */
export const purgeByWorkspace = async <T>(
  model: Model<T>,
  timeField: string,
  { beforeMs, limit }: Readonly<{ beforeMs: number; limit: number }>,
): Promise<number> => {
  const before = new Date(beforeMs);
  let removed = 0;
  for (const workspace of await model.distinct('workspace_id')) {
    const found = await model
      .find({ workspace_id: workspace, [timeField]: { $lt: before } } as never, { _id: 1 })
      .limit(limit - removed)
      .lean<{ _id: string }[]>();
    if (found.length === 0) continue;
    const ids = found.map(({ _id }) => _id);
    const { deletedCount } = await model.deleteMany({ _id: { $in: ids } } as never);
    removed += deletedCount;
    if (removed >= limit) break;
  }
  return removed;
};

/** Conditions of a query. Uses only operators that every MongoDB supports, the embedded one included. */
export type Conditions = Record<string, unknown>;

/** Returns the condition that a time lies between two others, which are excluded. */
export const timeBetween = (
  field: string,
  afterMs: number | undefined,
  beforeMs: number | undefined,
): Conditions => {
  if (afterMs === undefined && beforeMs === undefined) return {};
  return {
    [field]: {
      ...(afterMs === undefined ? {} : { $gt: new Date(afterMs) }),
      ...(beforeMs === undefined ? {} : { $lt: new Date(beforeMs) }),
    },
  };
};

/**
 * Returns the condition that a document follows a position of a list by a time, newest first, then by its key; or oldest
 * first.
 */
export const followingIn = (
  field: string,
  { timeMs, key }: Readonly<{ timeMs: number; key: string }>,
  isOldestFirst = false,
): Conditions => {
  const time = new Date(timeMs);
  const operator = isOldestFirst ? '$gt' : '$lt';
  return { $or: [{ [field]: { [operator]: time } }, { [field]: time, _id: { [operator]: key } }] };
};

import { consumerId, subscriptionId } from '@tidings/contracts';
import type { UndeliveredCount } from '../domain/undelivered-count.ts';

/** One group of the aggregation that {@link groupUndelivered} returns. */
export type UndeliveredGroupDocument = Readonly<{
  _id: Readonly<{
    subscription: string;
    consumer: string | null;
    status?: UndeliveredCount['status'];
    reason?: string | null;
    last?: string | null;
    code: number | null;
  }>;
  count: number;
  oldest: Date;
  next: Date | null;
}>;

/** The names of fields that two collections have under different names. */
type Fields = Readonly<{ status?: string; reason: string; last: string; oldest: string; next?: string }>;

/** Returns the stages that count documents, `limit` at most, by subscription and by why they are not delivered. */
export const groupUndelivered = (
  match: Readonly<Record<string, unknown>>,
  { status, reason, last, oldest, next }: Fields,
  limit: number,
) => [
  { $match: match },
  { $limit: limit },
  {
    $group: {
      _id: {
        subscription: '$subscription_id',
        consumer: '$consumer_id',
        ...(status === undefined ? {} : { status: `$${status}` }),
        reason: `$${reason}`,
        last: `$${last}`,
        code: '$last_status_code',
      },
      count: { $sum: 1 },
      oldest: { $min: `$${oldest}` },
      ...(next === undefined ? {} : { next: { $min: `$${next}` } }),
    },
  },
];

const countOf = ({ _id, count, oldest, next }: UndeliveredGroupDocument): UndeliveredCount => ({
  subscriptionId: subscriptionId(_id.subscription),
  consumerId: _id.consumer === null ? null : consumerId(_id.consumer),
  status: _id.status ?? 'dead_lettered',
  reason: _id.reason ?? null,
  lastReason: _id.last ?? null,
  lastStatusCode: _id.code,
  count,
  oldestAtMs: oldest.getTime(),
  nextAttemptAtMs: next?.getTime() ?? null,
});

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** Returns the groups as the use cases know them. A field that is null or absent makes two groups, which are one here. */
export const countsOfGroups = (groups: readonly UndeliveredGroupDocument[]): readonly UndeliveredCount[] => {
  const counts = new Map<string, UndeliveredCount>();
  for (const one of groups.map(countOf)) {
    const { count, oldestAtMs, nextAttemptAtMs, ...why } = one;
    const key = JSON.stringify(why);
    const known = counts.get(key);
    counts.set(key, {
      ...why,
      count: count + (known?.count ?? 0),
      oldestAtMs: Math.min(oldestAtMs, known?.oldestAtMs ?? oldestAtMs),
      nextAttemptAtMs: earlier(nextAttemptAtMs, known?.nextAttemptAtMs ?? null),
    });
  }
  return [...counts.values()];
};

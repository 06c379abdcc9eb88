import { consumerId, subscriptionId } from '@tidings/contracts';
import { type Route, route } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { plannedTime } from '../../domain/planned-time.ts';
import { CountTurns } from '../count-turns.ts';
import {
  readUndelivered,
  type Undelivered,
  type UndeliveredGroup,
  type UndeliveredStores,
} from '../read-undelivered.ts';
import { undeliveredQuery, undeliveredSchema } from './undelivered-schemas.ts';

const isoTime = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

const groupView = (
  { subscriptionId: id, consumerId: owner, count, oldestAtMs, counts }: UndeliveredGroup,
  nowMs: number,
) => ({
  subscription_id: id,
  consumer_id: owner,
  count,
  oldest_at: isoTime(oldestAtMs),
  reasons: counts.map((one) => ({
    status: one.status,
    reason: one.reason,
    last_reason: one.lastReason,
    last_status_code: one.lastStatusCode,
    count: one.count,
    oldest_at: isoTime(one.oldestAtMs),
    next_attempt_at: timeOrNull(plannedTime(one.nextAttemptAtMs, nowMs)),
  })),
});

/** Declares the route that says what has not been delivered, and why. */
export const undeliveredRoutes = (
  stores: UndeliveredStores,
  clock: Pick<Clock, 'monotonicMs' | 'nowMs'>,
  turns = new CountTurns<Undelivered>(clock),
): Route[] => [
  route({
    operationId: 'countUndelivered',
    method: 'GET',
    path: '/v1/webhooks/deliveries/undelivered',
    access: 'deliveries:read',
    tag: 'Deliveries',
    summary: 'Count what has not been delivered, by subscription and reason',
    description:
      'Deliveries that wait for an attempt, and dead letters that are neither sent again nor discarded. Those that the delivery service has not decided about yet, within its first seconds, are not counted. Of those that wait and of dead letters 50,000 each are counted at most. Counts are shared by all who ask at the same time, and remembered for five times as long as they took, 2 to 60 seconds; 429 if a key asks for more than three different ones at once.',
    query: undeliveredQuery,
    responses: { 200: { description: 'The counts.', schema: undeliveredSchema } },
    handle: async ({ query, principal }) => {
      const scope = tenantScopeOf(principal);
      const filters = {
        ...scope,
        ...(query.consumer_id === undefined ? {} : { consumerId: consumerId(query.consumer_id) }),
        ...(query.subscription_id === undefined
          ? {}
          : { subscriptionId: subscriptionId(query.subscription_id) }),
      };
      const { groups, isTruncated } = await turns.run(scope, filters, async () =>
        readUndelivered(stores, filters),
      );
      const body = {
        total: groups.reduce((sum, { count }) => sum + count, 0),
        subscription_count: groups.length,
        is_truncated: isTruncated,
        data: groups.slice(0, query.limit).map((group) => groupView(group, clock.nowMs())),
      };
      return { status: 200, body };
    },
  }),
];

import type { SubscriptionId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { Subscription } from '../subscriptions/domain/subscription.ts';
import type { Reach, SubscriptionStore } from '../subscriptions/ports.ts';
import type { Outbox } from './publish-version.ts';

/** What every use case that writes works with. */
export type WriteParts = Readonly<{
  store: SubscriptionStore;
  outbox: Pick<Outbox, 'announce'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** The versions that an If-Match header allows; null when there is none. */
export type IfMatch = ReadonlySet<number> | null;

/** Which subscription, seen from where, in which version. */
export type Target = Readonly<{ reach: Reach; id: SubscriptionId; ifMatch: IfMatch }>;

/** A version, and whether it is known to be in force on the event path. */
export type Written = Readonly<{ subscription: Subscription; propagated: boolean }>;

/** What a write does; `operation` names it in metrics and in the log line `subscription.<operation>`. */
export type Write = Readonly<{
  operation: string;
  /** The next version, or the same object when there is nothing to change. */
  change(current: Subscription): Subscription | Promise<Subscription>;
}>;

// Each lost race means that another write got through, so this many in a row is a writer in a loop.
const maxTries = 10;

/** What a caller is told about a subscription that is not there for it, whoever it may belong to. */
export const notFound = (id: SubscriptionId): AppError =>
  new AppError({ code: 'not-found', message: `There is no subscription '${id}'.` });

function refuseStale({ ifMatch }: Target, current: Subscription): void {
  if (ifMatch === null || ifMatch.has(current.version)) return;
  const message = `The subscription is version ${current.version} by now: read it again and repeat the change with its ETag.`;
  throw new AppError({ code: 'precondition-failed', message });
}

/** The subscription that a request means. Throws AppError `not-found`, and `precondition-failed` by If-Match. */
export async function findTarget(
  store: Pick<SubscriptionStore, 'find'>,
  target: Target,
): Promise<Subscription> {
  const current = await store.find(target.reach, target.id);
  if (current === null || current.state === 'deleted') throw notFound(target.id);
  refuseStale(target, current);
  return current;
}

/**
 * Makes the next version of a subscription: reads, changes, writes by compare-and-set, and publishes. A lost race is
 * run again on what won it, unless the caller named the version it meant.
 */
export async function writeVersion(parts: WriteParts, target: Target, write: Write): Promise<Written> {
  const { store, outbox, clock, logger, metrics } = parts;
  const beganMs = clock.monotonicMs();
  for (let tries = 1; tries <= maxTries; tries += 1) {
    const current = await findTarget(store, target);
    const next = await write.change(current);
    if (next === current) return { subscription: current, propagated: !current.isUnpublished };
    if (await store.replace(next, current.version)) {
      const propagated = await outbox.announce(next);
      metrics.writes.inc({ operation: write.operation });
      const durationMs = Math.round(clock.monotonicMs() - beganMs);
      logger.info({ ...logFields(next), propagated, tries, durationMs }, `subscription.${write.operation}`);
      return { subscription: next, propagated };
    }
    metrics.writeConflicts.inc({});
  }
  const message = `The subscription changed ${maxTries} times while this request was at work: repeat it later.`;
  throw new AppError({ code: 'conflict', message, retryable: true });
}

/** What a log line says about a version: never its URL's query, headers or secrets, which may be credentials. */
export const logFields = (subscription: Subscription): Readonly<Record<string, unknown>> => ({
  workspaceId: subscription.workspaceId,
  consumerId: subscription.consumerId,
  subscriptionId: subscription.id,
  version: subscription.version,
  state: subscription.state,
});

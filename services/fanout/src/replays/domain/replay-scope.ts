import type { DeliveryState, EventAccepted, JobOrdered } from '@tidings/contracts';
import type { IndexedSubscription } from '../../domain/match-index.ts';

/** The part of an order that says what a replay covers. */
export type ReplayOrder = Pick<JobOrdered<'replay'>, 'workspaceId' | 'ownerId' | 'spec'>;

/** Returns true when a type matches one of the patterns, or there is none. */
const isOfType = (eventType: string, patterns: readonly string[]): boolean =>
  patterns.length === 0 ||
  patterns.some((pattern) =>
    pattern === '*'
      ? true
      : pattern.endsWith('.*')
        ? eventType.startsWith(pattern.slice(0, -1))
        : pattern === eventType,
  );

/** Returns true for an event of this workspace and these types, by its headers alone. */
export const coversHeaders = (
  { workspaceId, spec }: ReplayOrder,
  headers: Readonly<Record<string, string>>,
): boolean => headers['ce_workspaceid'] === workspaceId && isOfType(headers['ce_type'] ?? '', spec.types);

/** Returns true for an event that the replay covers: in its span, and visible to the key that ordered it. */
export const coversEvent = (
  { ownerId, spec }: ReplayOrder,
  event: Pick<EventAccepted, 'consumerId'>,
  timestampMs: number,
): boolean => {
  if (ownerId !== null && event.consumerId !== null && event.consumerId !== ownerId) return false;
  const { fromMs = -Infinity, toMs = Infinity } = spec;
  return timestampMs >= fromMs && timestampMs < toMs;
};

/** Returns true for a subscription that the replay may send to. */
export const coversSubscription = (
  { ownerId, spec: { target } }: ReplayOrder,
  { id, consumerId }: Pick<IndexedSubscription, 'id' | 'consumerId'>,
): boolean =>
  (ownerId === null || consumerId === ownerId) &&
  (target.kind !== 'subscription' || target.subscriptionId === id);

/** Returns true for a command whose delivery the replay may repeat. */
export const coversCommand = (
  order: ReplayOrder,
  { workspaceId, consumerId, subscriptionId, eventType }: DeliveryState,
): boolean =>
  // Regardless of its time, which is that of the first record of an event: the replay may cover a repeat.
  workspaceId === order.workspaceId &&
  coversSubscription(order, { id: subscriptionId, consumerId }) &&
  isOfType(eventType, order.spec.types);

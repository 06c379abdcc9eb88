import type { HealthEvent, SubscriptionId } from '@tidings/contracts';
import { forEachConcurrently } from '../maintenance/for-each-concurrently.ts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { kindOf } from '../subscriptions/domain/event-rules.ts';
import { disabled, type Subscription } from '../subscriptions/domain/subscription.ts';
import type { HealthTransition } from './domain/health-transition.ts';
import { operationalEventOf } from './domain/operational-event.ts';
import type { PublishOperationalEvents } from './ports.ts';

/**
 * Dependencies of {@link createApplyHealthTransitions}. `onPublished` is called for each event after the brokers have
 * acknowledged it.
 */
export type HealthTransitionParts = WriteParts<Subscription> &
  Readonly<{
    publishEvents: PublishOperationalEvents;
    onPublished(event: HealthEvent): void;
  }>;

/** Errors by subscription. */
export type Failures = Map<SubscriptionId, unknown>;

/**
 * Applies the health transitions of several endpoints: disables subscriptions and publishes operational events. A
 * transition is complete unless its subscription is among the failures. The same transitions may be applied again,
 * after a crash or by two instances at once: disabling again changes nothing, and events keep their ids. An operational
 * subscription raises no events, because they would be sent to that same subscription.
 */
export type ApplyHealthTransitions = (
  all: ReadonlyMap<SubscriptionId, readonly HealthTransition[]>,
) => Promise<Failures>;

type Raised = Readonly<{ id: SubscriptionId; events: readonly HealthEvent[] }>;

// When a host with many subscriptions fails, all of them have transitions at once. The limit keeps the process
// responsive.
const carriedOutAtOnce = 4;
const eventsAtOnce = 500;

export const createApplyHealthTransitions =
  (parts: HealthTransitionParts): ApplyHealthTransitions =>
  async (all) => {
    const failures: Failures = new Map();
    const found = await findAll(parts, [...all.keys()]);
    const raised: Raised[] = [];
    await forEachConcurrently(carriedOutAtOnce, all, async ([id, transitions]) => {
      try {
        const subscription = found.get(id) ?? (await parts.store.findAnywhere(id));
        if (subscription === null || subscription.state === 'deleted') return;
        const events = await carryOut(parts, subscription, transitions);
        if (kindOf(subscription.settings.events) !== 'operational') raised.push({ id, events });
      } catch (error) {
        failures.set(id, error);
      }
    });
    for (const some of piecesOf(raised)) await publish(parts, some, failures);
    return failures;
  };

/**
 * Reads several subscriptions at once. Each one missing from the result is read separately, so that its failure affects
 * no other.
 */
async function findAll(
  { store }: HealthTransitionParts,
  ids: readonly SubscriptionId[],
): Promise<ReadonlyMap<string, Subscription>> {
  if (ids.length < 2) return new Map();
  const { items } = await store.listAll({ where: { in: { _id: ids } }, afterId: null, limit: ids.length });
  return new Map(items.map((subscription) => [subscription.id, subscription]));
}

async function carryOut(
  parts: HealthTransitionParts,
  subscription: Subscription,
  transitions: readonly HealthTransition[],
): Promise<readonly HealthEvent[]> {
  const events: HealthEvent[] = [];
  for (const transition of transitions) {
    const isSo = transition.kind !== 'disabled' || (await disable(parts, subscription, transition));
    if (isSo) events.push(operationalEventOf(subscription, transition));
  }
  return events;
}

/** Splits the events into publishes of at most `eventsAtOnce`; the events of one endpoint stay together. */
function* piecesOf(raised: readonly Raised[]): Generator<readonly Raised[]> {
  let piece: Raised[] = [];
  let size = 0;
  for (const one of raised) {
    if (size > 0 && size + one.events.length > eventsAtOnce) {
      yield piece;
      piece = [];
      size = 0;
    }
    piece.push(one);
    size += one.events.length;
  }
  if (size > 0) yield piece;
}

async function publish(
  { publishEvents, onPublished }: HealthTransitionParts,
  piece: readonly Raised[],
  failures: Failures,
): Promise<void> {
  const events = piece.flatMap((one) => one.events);
  try {
    await publishEvents(events);
    for (const event of events) onPublished(event);
  } catch (error) {
    for (const { id } of piece) failures.set(id, error);
  }
}

type Disabling = Extract<HealthTransition, { kind: 'disabled' }>;

/**
 * Disables a subscription. Returns false when its owner acted first: disabled it manually, or enabled it or changed its
 * endpoint after the version that failed.
 */
async function disable(
  parts: HealthTransitionParts,
  { id, workspaceId }: Subscription,
  { reason, subscriptionVersion }: Disabling,
): Promise<boolean> {
  const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
  const { entity } = await writeVersion(parts, target, {
    operation: 'disabled',
    change: (current) =>
      current.state === 'active' && current.countedVersion <= subscriptionVersion
        ? disabled(current, reason, parts.clock.nowMs())
        : current,
  });
  return entity.state === 'disabled' && entity.disabledReason === reason;
}

import type { OperationalEvent, SubscriptionId } from '@tidings/contracts';
import { forEachConcurrently } from '../maintenance/for-each-concurrently.ts';
import { ourselves } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { kindOf } from '../subscriptions/domain/event-patterns.ts';
import { disabled, type Subscription } from '../subscriptions/domain/subscription.ts';
import type { HealthTransition } from './domain/health-transition.ts';
import { operationalEventOf } from './domain/operational-event.ts';
import type { PublishOperationalEvents } from './ports.ts';

/** What telling works with. `onPublished`: each event once the log has it. */
export type HealthTransitionParts = WriteParts<Subscription> &
  Readonly<{
    publishEvents: PublishOperationalEvents;
    onPublished(event: OperationalEvent): void;
  }>;

/** Why something about an endpoint could not be done. */
export type Failures = Map<SubscriptionId, unknown>;

/**
 * Carries out what the health of some endpoints has come to, and tells their owners. What is not among the failures is done.
 * It may run again for the same transitions, after a crash or in two instances at once: to disable again changes nothing,
 * and the events keep their ids. Nothing is raised about an operational subscription: the event would go to that very
 * subscription.
 */
export type ApplyHealthTransitions = (
  all: ReadonlyMap<SubscriptionId, readonly HealthTransition[]>,
) => Promise<Failures>;

type Raised = Readonly<{ id: SubscriptionId; events: readonly OperationalEvent[] }>;

// When a host goes down that many subscriptions have, they all have news at once: no reason to take the machine for it.
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

/** Those that can be read; of the others each is asked for alone, so that it fails alone. */
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
): Promise<readonly OperationalEvent[]> {
  const events: OperationalEvent[] = [];
  for (const transition of transitions) {
    const isSo = transition.kind !== 'disabled' || (await disable(parts, subscription, transition));
    if (isSo) events.push(operationalEventOf(subscription, transition));
  }
  return events;
}

/** As many as go well into one publish, the events of one endpoint always together. */
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

/** False when its owner was first: disabled it by hand, or enabled or moved it after the version that failed. */
async function disable(
  parts: HealthTransitionParts,
  { id, workspaceId }: Subscription,
  { reason, subscriptionVersion }: Disabling,
): Promise<boolean> {
  const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: ourselves };
  const { entity } = await writeVersion(parts, target, {
    operation: 'disabled',
    change: (current) =>
      current.state === 'active' && current.countedVersion <= subscriptionVersion
        ? disabled(current, reason, parts.clock.nowMs())
        : current,
  });
  return entity.state === 'disabled' && entity.disabledReason === reason;
}

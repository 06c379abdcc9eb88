import type { OperationalEvent, SubscriptionId } from '@tidings/contracts';
import { ourselves } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { kindOf } from './domain/event-patterns.ts';
import type { HealthTransition } from './domain/health-transition.ts';
import { operationalEventOf } from './domain/operational-event.ts';
import { disabled, type Subscription } from './domain/subscription.ts';
import type { PublishOperationalEvents } from './ports.ts';

/** What telling works with. `onTold`: each event once the log has it. */
export type TellParts = WriteParts<Subscription> &
  Readonly<{
    publishEvents: PublishOperationalEvents;
    onTold(event: OperationalEvent): void;
  }>;

/** Carries out what an endpoint's health has come to, and tells its owner. Rejects when any of it could not be done. */
export type TellTransitions = (id: SubscriptionId, transitions: readonly HealthTransition[]) => Promise<void>;

/**
 * Disables what is to be disabled, then raises the operational events. It may run again for the same transitions, after a
 * crash or in two instances at once: to disable again changes nothing, and the events keep their ids. Nothing is raised
 * about an operational subscription: the event would go to that very subscription.
 */
export const createTellTransitions =
  (parts: TellParts): TellTransitions =>
  async (id, transitions) => {
    const found = await parts.store.findAnywhere(id);
    if (found === null || found.state === 'deleted') return;
    const events: OperationalEvent[] = [];
    for (const transition of transitions) {
      const isSo = transition.kind !== 'disabled' || (await disable(parts, found, transition));
      if (isSo) events.push(operationalEventOf(found, transition));
    }
    if (kindOf(found.settings.events) === 'operational' || events.length === 0) return;
    await parts.publishEvents(events);
    for (const event of events) parts.onTold(event);
  };

type Disabling = Extract<HealthTransition, { kind: 'disabled' }>;

/** False when its owner was first: disabled it by hand, or enabled or moved it after the version that failed. */
async function disable(
  parts: TellParts,
  { id, workspaceId }: Subscription,
  { reason, subscriptionVersion }: Disabling,
): Promise<boolean> {
  const target = { reach: { workspaceId, consumerId: null }, id, ifMatch: null, by: ourselves };
  const { entity } = await writeVersion(parts, target, {
    operation: 'disabled',
    change: (current) =>
      current.state === 'active' && current.countedVersion <= subscriptionVersion
        ? disabled(current, reason, parts.clock.nowMs())
        : current,
  });
  return entity.state === 'disabled' && entity.disabledReason === reason;
}

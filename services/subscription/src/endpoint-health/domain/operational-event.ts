import type { HealthEvent } from '@tidings/contracts';
import type { Subscription } from '../../subscriptions/domain/subscription.ts';
import type { FailureSeen, HealthTransition } from './health-transition.ts';

const time = (epochMs: number): string => new Date(epochMs).toISOString();

const lastFailure = ({ atMs, reason, statusCode }: FailureSeen) => ({
  at: time(atMs),
  reason,
  status_code: statusCode,
});

const aboutOf = ({ id, consumerId, settings }: Subscription) => ({
  subscription_id: id,
  consumer_id: consumerId,
  description: settings.description,
  endpoint_host: new URL(settings.endpointUrl).host,
});

/** Returns the event that notifies the owner of a subscription of a health transition. */
export function operationalEventOf(subscription: Subscription, transition: HealthTransition): HealthEvent {
  const { workspaceId } = subscription;
  const base = { workspaceId, time: time(transition.atMs), cause: `${subscription.id} ${transition.cause}` };
  const about = aboutOf(subscription);
  switch (transition.kind) {
    case 'recovered': {
      const data = { ...about, delivered_at: base.time };
      return { ...base, type: 'tidings.subscription.recovered', data };
    }
    case 'exhausted': {
      const { deliveryId, eventId, eventType, attempts, reason } = transition.givenUp;
      const data = {
        ...about,
        delivery_id: deliveryId,
        event_id: eventId,
        event_type: eventType,
        attempts,
        reason,
        last_failure: lastFailure(transition.failure),
      };
      return { ...base, type: 'tidings.delivery.exhausted', data };
    }
    case 'failing':
    case 'disabled': {
      const data = {
        ...about,
        failure_count: transition.failureCount,
        failing_since: time(transition.failingSinceMs),
        last_failure: lastFailure(transition.failure),
      };
      return transition.kind === 'failing'
        ? { ...base, type: 'tidings.subscription.failing', data }
        : { ...base, type: 'tidings.subscription.disabled', data: { ...data, reason: transition.reason } };
    }
  }
}

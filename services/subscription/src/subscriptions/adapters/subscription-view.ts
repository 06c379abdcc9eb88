import { exchangeView } from '@tidings/webhook-request';
import { kindOf } from '../domain/event-rules.ts';
import { eventSettings } from '../domain/event-settings.ts';
import { requestSettings } from '../domain/request-settings.ts';
import { shownFields } from '../domain/setting.ts';
import type { StoredSecret } from '../domain/signing-secrets.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { ShownHealth } from '../ports.ts';
import type { Tested } from '../send-test-delivery.ts';

const time = (epochMs: number | null): string | null =>
  epochMs === null ? null : new Date(epochMs).toISOString();

const secretView = ({ id, publicKey, createdAtMs, expiresAtMs }: StoredSecret): object => ({
  id,
  public_key: publicKey,
  created_at: time(createdAtMs),
  expires_at: time(expiresAtMs),
});

/** Health of an endpoint; 'unknown' when it could not be read. */
export type KnownHealth = ShownHealth | 'unknown';

const unknownHealth = { failureCount: null, lastDeliveryAtMs: null };

/** Returns a subscription as the API shows it. Secrets are shown only by name and times. */
export function subscriptionView(
  subscription: Subscription,
  { propagated, health }: Readonly<{ propagated: boolean; health: KnownHealth }>,
): Record<string, unknown> {
  const { failureCount, lastDeliveryAtMs } = health === 'unknown' ? unknownHealth : health;
  const { settings, secrets } = subscription;
  return {
    id: subscription.id,
    workspace_id: subscription.workspaceId,
    consumer_id: subscription.consumerId,
    kind: kindOf(settings.events),
    ...shownFields(eventSettings, settings),
    public_key: secrets[0]?.publicKey ?? null,
    secrets: secrets.map(secretView),
    ...shownFields(requestSettings, settings),
    state: subscription.state,
    is_active: subscription.state === 'active',
    disabled_at: time(subscription.disabledAtMs),
    disabled_reason: subscription.disabledReason,
    last_delivery_at: time(lastDeliveryAtMs),
    failure_count: failureCount,
    version: subscription.version,
    created_at: time(subscription.createdAtMs),
    updated_at: time(subscription.updatedAtMs),
    propagated,
  };
}

/** Returns the result of a test. An error is one of a closed list of reasons and never contains an address. */
export const testView = ({ attemptEvent, recorded, requestBody }: Tested): Record<string, unknown> => ({
  success: attemptEvent.outcome.kind === 'delivered',
  status_code: attemptEvent.outcome.statusCode,
  duration_ms: attemptEvent.durationMs,
  error: attemptEvent.outcome.kind === 'failed' ? attemptEvent.outcome.reason : null,
  event_id: attemptEvent.eventId,
  delivery_id: attemptEvent.deliveryId,
  recorded,
  request_body: requestBody,
  ...exchangeView({ ...attemptEvent, responseExcerpt: attemptEvent.outcome.responseExcerpt }),
});

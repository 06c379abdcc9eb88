import { type EndpointHealth, shownHealth } from '../../endpoint-health/domain/endpoint-health.ts';
import { kindOf } from '../domain/event-patterns.ts';
import type { StoredSecret } from '../domain/signing-secrets.ts';
import type { Subscription } from '../domain/subscription.ts';
import type { CertificateInfo, StoredTls } from '../domain/tls-material.ts';
import type { Tested } from '../send-test.ts';

const time = (epochMs: number | null): string | null =>
  epochMs === null ? null : new Date(epochMs).toISOString();

const secretView = ({ id, publicKey, createdAtMs, expiresAtMs }: StoredSecret): object => ({
  id,
  public_key: publicKey,
  created_at: time(createdAtMs),
  expires_at: time(expiresAtMs),
});

const certificateView = ({ fingerprint, expiresAtMs }: CertificateInfo): object => ({
  fingerprint_sha256: fingerprint,
  expires_at: time(expiresAtMs),
});

const tlsView = (tls: StoredTls | null): object | null =>
  tls === null
    ? null
    : { ca: tls.ca.map(certificateView), certificate: tls.certificate.map(certificateView) };

/** Health of an endpoint: undefined when nothing was sent yet, 'unknown' when it could not be read. */
export type KnownHealth = EndpointHealth | undefined | 'unknown';

const unknownHealth = { failureCount: null, lastDeliveryAtMs: null };

/** Returns a subscription as the API shows it. Secrets are shown only by name and times. */
export function subscriptionView(
  subscription: Subscription,
  { propagated, health }: Readonly<{ propagated: boolean; health: KnownHealth }>,
): Record<string, unknown> {
  const { failureCount, lastDeliveryAtMs } =
    health === 'unknown' ? unknownHealth : shownHealth(health, subscription.countedVersion);
  const { settings, secrets } = subscription;
  return {
    id: subscription.id,
    workspace_id: subscription.workspaceId,
    consumer_id: subscription.consumerId,
    kind: kindOf(settings.events),
    endpoint_url: settings.endpointUrl,
    description: settings.description,
    events: settings.events,
    filters: settings.filters,
    ordering: settings.ordering,
    on_exhausted: settings.onExhausted,
    format: settings.format,
    signature_style: settings.signatureStyle,
    public_key: secrets[0]?.publicKey ?? null,
    secrets: secrets.map(secretView),
    headers: settings.headers,
    secret_headers: Object.fromEntries(settings.secretHeaders.map(({ name }) => [name, true])),
    verify: settings.verify,
    timeout_seconds: settings.timeoutMs / 1_000,
    retry_schedule: settings.retryScheduleSeconds,
    rate_limit:
      settings.rateLimit === null
        ? null
        : { per_second: settings.rateLimit.perSecond, burst: settings.rateLimit.burst },
    max_in_flight: settings.maxInFlight,
    tls: tlsView(settings.tls),
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
export const testView = ({ attemptEvent, responseBody, recorded }: Tested): Record<string, unknown> => ({
  success: attemptEvent.outcome.kind === 'delivered',
  status_code: attemptEvent.outcome.statusCode,
  duration_ms: attemptEvent.durationMs,
  response_body: responseBody,
  error: attemptEvent.outcome.kind === 'failed' ? attemptEvent.outcome.reason : null,
  event_id: attemptEvent.eventId,
  delivery_id: attemptEvent.deliveryId,
  recorded,
});

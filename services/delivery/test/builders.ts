import {
  consumerId,
  type DeliveryRequested,
  type DeliveryState,
  defaultRetryScheduleSeconds,
  deliveryId,
  eventId,
  type SubscriptionRecord,
  sealedHeaderField,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import { keyRing, seal } from '@tidings/runtime';
import { aDeliveryState, aSubscriptionRecord } from '@tidings/testing/messages';

/** A key ring in the format of operators, with the secret that signs the requests of the built subscriptions. */
export const sealingKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`;
const ring = keyRing(sealingKeys);
export const secretText = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

export const startMs = Date.UTC(2026, 0, 1);

/** Returns 32 hex digits that are distributed like those of a hash. */
export const hex = (number: number): string => {
  let text = '';
  for (let part = 0; part < 4; part += 1) {
    text += (Math.imul(number + 1, 0x9e3779b1 + part * 2) >>> 0).toString(16).padStart(8, '0');
  }
  return text;
};

export const aState = (overrides: Partial<DeliveryState> = {}): DeliveryState =>
  aDeliveryState(1, {
    deliveryId: deliveryId(`dlv_${hex(1)}`),
    eventId: eventId(`evt_${hex(2)}`),
    workspaceId: workspaceId('acme'),
    consumerId: consumerId('partner'),
    subscriptionId: subscriptionId('sub_a'),
    acceptedAtMs: startMs,
    ...overrides,
  });

/** Builds the nth delivery to a subscription. */
export const aCommand = (number: number, overrides: Partial<DeliveryState> = {}): DeliveryRequested => ({
  state: aState({ deliveryId: deliveryId(`dlv_${hex(number)}`), ...overrides }),
  body: Buffer.from(`{"n": ${number}}`),
  traceparent: null,
});

export const sealedSecret = (
  text: string,
  owner: Readonly<{ workspaceId: string; id: string }>,
  expiresAtMs: number | null = null,
): SubscriptionRecord['secrets'][number] => ({
  id: 'secret',
  sealed: seal(ring, text, [owner.workspaceId, owner.id, 'secrets']),
  createdAtMs: startMs,
  expiresAtMs,
});

/** Seals a header for the subscription that {@link aSubscription} builds without overrides. */
export const aSealedHeader = (name: string, value: string): SubscriptionRecord['secretHeaders'][number] => ({
  name,
  sealed: seal(ring, value, ['acme', 'sub_a', sealedHeaderField(name)]),
});

export const aSubscription = (overrides: Partial<SubscriptionRecord> = {}): SubscriptionRecord => {
  const id = overrides.id ?? subscriptionId('sub_a');
  const workspace = overrides.workspaceId ?? workspaceId('acme');
  return aSubscriptionRecord({
    id,
    workspaceId: workspace,
    consumerId: consumerId('partner'),
    endpointUrl: 'https://partner.example/hooks',
    secrets: [sealedSecret(secretText, { workspaceId: workspace, id })],
    retryScheduleSeconds: defaultRetryScheduleSeconds,
    ...overrides,
  });
};

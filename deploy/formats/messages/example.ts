import {
  consumerId,
  deriveDeliveryId,
  deriveRunId,
  eventId,
  sourceId,
  subscriptionId,
  type WireRecord,
  workspaceId,
} from '../../../packages/contracts/src/index.ts';

/** A record as an encoder writes it. */
export type MessageExample = Readonly<{ name: string; record: WireRecord }>;

/** Time of everything in the examples, in epoch milliseconds. */
export const atMs = 1_790_000_000_000;
/** The same time, as RFC 3339 text. */
export const atTime = new Date(atMs).toISOString();

/** Ids of the examples. */
export const ids = {
  workspaceId: workspaceId('ws_demo'),
  consumerId: consumerId('acme'),
  eventId: eventId(`evt_${'1'.repeat(32)}`),
  subscriptionId: subscriptionId('sub_0190'),
  deliveryId: deriveDeliveryId(eventId(`evt_${'1'.repeat(32)}`), subscriptionId('sub_0190')),
  sourceId: sourceId(`src_${'2'.repeat(32)}`),
  runId: deriveRunId({ app: 'shop', handler: 'pay', eventId: eventId(`evt_${'1'.repeat(32)}`) }),
  jobId: `job_${'3'.repeat(32)}`,
  keyId: `key_${'4'.repeat(32)}`,
} as const;

export const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
export const sha256 = 'c'.repeat(64);
/** A text that was sealed; the examples do not open it. */
export const sealed = 'v1.k1.aXY.dGFn.ZGF0YQ';

/** Returns the examples with names that follow from their contents. */
export const named = <T>(
  all: Readonly<Record<string, T>>,
  encode: (one: T) => WireRecord,
): readonly MessageExample[] => Object.entries(all).map(([name, one]) => ({ name, record: encode(one) }));

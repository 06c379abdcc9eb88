import type { ConsumerId, SubscriptionId, WorkspaceId } from '@tidings/contracts';
import type { DeliveryStatus } from '../../deliveries/domain/delivery.ts';

/** The kinds of messages: an event was accepted, a request was made, the state of a delivery has changed. */
export const messageKinds = ['event', 'attempt', 'state'] as const;
/** See {@link messageKinds}. */
export type MessageKind = (typeof messageKinds)[number];

/** One message of the stream: what a filter judges, and its JSON text. */
export type StreamMessage = Readonly<{
  kind: MessageKind;
  workspaceId: WorkspaceId;
  /** The only consumer that it is about or addressed to; null: none. */
  consumerId: ConsumerId | null;
  /** True if every consumer of the workspace may see it. */
  isBroadcast: boolean;
  eventType: string;
  subscriptionId: SubscriptionId | null;
  status: DeliveryStatus | null;
  /** The state as it is shown, without line breaks. */
  json: string;
  /** Identifies the message: a repetition of its record has the same. */
  key: string;
}>;

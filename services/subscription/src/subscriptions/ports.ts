import type { CompletedRequest, SubscriptionId, WorkspaceId } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import type { ConsumerRef } from '../access/domain/consumer.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Scope } from '../registry/ports.ts';
import type { Subscription } from './domain/subscription.ts';

/** The workspace of a subscription. Every method rejects like a document store. */
export type WorkspaceDirectory = Readonly<{
  /** Throws AppError `unavailable` for a workspace that is not known yet. */
  rulesOf(id: WorkspaceId): Promise<Readonly<{ allowHttp: boolean; maxSubscriptions: number }>>;
  /** Returns the fault of a reference to this consumer, or null. */
  consumerFault(ref: ConsumerRef): Promise<string | null>;
  /** In an open workspace, creates a consumer when it is first used. */
  ensureConsumer(ref: ConsumerRef, by: Actor): Promise<void>;
}>;

/** The event types of workspaces. Rejects like a document store. */
export type EventCatalogue = Readonly<{
  /** Returns the faults of a list of events: in a strict workspace, those that match no event type in the scope. */
  faultsOf(scope: Scope, events: readonly string[]): Promise<readonly ErrorDetail[]>;
  /** Returns the event types in the scope that these events match; null when other, unknown types can match as well. */
  typesOf(scope: Scope, events: readonly string[]): Promise<readonly KnownType[] | null>;
  /** Called with the events of a subscription when it is written. Returns at once and never throws. */
  onListed(id: WorkspaceId, events: readonly string[]): void;
}>;

/** Input of filter checks: the active schema and the example of an event type, as JSON text or null. */
export type KnownType = Readonly<{ name: string; schemaJson: string | null; exampleJson: string | null }>;

/** Faults and warnings of an endpoint's URL, in sentences that its owner may read. */
export type CheckedEndpoint = Readonly<{ faults: readonly string[]; warnings: readonly string[] }>;

/** Validates the URL of an endpoint. */
export type CheckEndpoint = (url: string) => Promise<CheckedEndpoint>;

/** A request to an endpoint that a partner configured. `timeoutMs` covers the whole request. */
export type OutgoingRequest = Readonly<{
  method?: 'POST' | 'OPTIONS';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
  /** TLS settings in addition to the public authorities, in PEM. */
  tls?: Readonly<{ ca?: string; cert?: string; key?: string }>;
}>;

/** Sends through the guarded client. Rejects with AppError `unavailable` only when this service aborted the request. */
export type SendRequest = (request: OutgoingRequest) => Promise<CompletedRequest>;

/** Health of an endpoint as the API shows it. */
export type ShownHealth = Readonly<{
  /** Failed attempts since the last successful delivery, without those of versions that no longer count. */
  failureCount: number;
  lastDeliveryAtMs: number | null;
}>;

/** Reads the health of the endpoints of these subscriptions, of each one. Rejects like a document store. */
export type ReadHealth = (
  subscriptions: readonly Subscription[],
) => Promise<ReadonlyMap<SubscriptionId, ShownHealth>>;

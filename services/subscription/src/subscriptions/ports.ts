import type { ConsumerId, DeliveryRequested, WorkspaceId } from '@tidings/contracts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Scope } from '../registry/ports.ts';
import type { Fault } from './domain/fault.ts';

/** The workspace around a subscription. Every method rejects as a document store does. */
export type WorkspaceDirectory = Readonly<{
  /** Throws AppError `unavailable` for a workspace that is not there yet. */
  rulesOf(id: WorkspaceId): Promise<Readonly<{ allowHttp: boolean; maxSubscriptions: number }>>;
  /** What is wrong with naming this consumer; null when nothing is. */
  consumerFault(place: ConsumerRef): Promise<string | null>;
  /** In an open workspace a consumer comes into being by its first use. */
  ensureConsumer(place: ConsumerRef, by: Actor): Promise<void>;
}>;

/** The event types of workspaces. Rejects as a document store does. */
export type EventCatalogue = Readonly<{
  /** What is wrong with listing these events: in a strict workspace, what no event type that the key sees bears out. */
  faultsOf(scope: Scope, events: readonly string[]): Promise<readonly Fault[]>;
  /**
   * The event types that the key sees among those that these events match; null when other types can match as well, of
   * which nothing is known.
   */
  typesOf(scope: Scope, events: readonly string[]): Promise<readonly KnownType[] | null>;
  /** Told of the events that a subscription lists, when it is written. Returns at once and never throws. */
  onListed(id: WorkspaceId, events: readonly string[]): void;
}>;

/** What filters are compared with: the active schema and the example of an event type as JSON text, null where there is none. */
export type KnownType = Readonly<{ name: string; schemaJson: string | null; exampleJson: string | null }>;

/** One consumer of a workspace. */
export type ConsumerRef = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId }>;

/** Puts a command on the deliveries topic; rejects when the brokers have not acknowledged it in time. */
export type RequestDelivery = (command: DeliveryRequested) => Promise<void>;

/** What is wrong with an endpoint's URL, and what is odd about it, in sentences that its owner may read. */
export type CheckedEndpoint = Readonly<{ faults: readonly string[]; warnings: readonly string[] }>;

/** Judges the URL of an endpoint. */
export type CheckEndpoint = (url: string) => Promise<CheckedEndpoint>;

/** What is wrong with a header that goes with every request, or null. Never quotes its value. */
export type CheckHeader = (name: string, value: string) => string | null;

/** What is wrong with a filter; pointers begin at the filter itself. */
export type CheckFilter = (filter: Readonly<Record<string, unknown>>) => readonly Fault[];

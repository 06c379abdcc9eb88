import type { CompletedRequest, OperationalEvent, SubscriptionId } from '@tidings/contracts';
import type { Mask } from '@tidings/webhook-request';
import type { EndpointHealth } from './domain/endpoint-health.ts';

/** Store of endpoint health. Rejects with AppError `unavailable`, like the other stores. */
export type HealthStore = Readonly<{
  find(id: SubscriptionId): Promise<EndpointHealth | null>;
  findMany(ids: readonly SubscriptionId[]): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>>;
  /**
   * Replaces the previous revision of each; `rev` is 1 for the first. Returns false when the stored revision of at
   * least one is not the previous one. The caller then has to read which of them were written.
   */
  write(all: readonly EndpointHealth[]): Promise<boolean>;
  remove(id: SubscriptionId): Promise<void>;
}>;

/** A request to an endpoint that a partner configured. `timeoutMs` covers the whole request. */
export type OutgoingRequest = Readonly<{
  method?: 'POST' | 'OPTIONS';
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  timeoutMs: number;
  /** Masks the secrets of the request in the response; without it nothing is masked. */
  mask?: Mask;
  /** TLS settings in addition to the public authorities, in PEM. */
  tls?: Readonly<{ ca?: string; cert?: string; key?: string }>;
}>;

/** Sends through the guarded client. Rejects with AppError `unavailable` only when this service aborted the request. */
export type SendRequest = (request: OutgoingRequest) => Promise<CompletedRequest>;

/** Publishes operational events; rejects when the brokers do not acknowledge all of them within seconds. */
export type PublishOperationalEvents = (events: readonly OperationalEvent[]) => Promise<void>;

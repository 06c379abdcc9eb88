import { randomUUID } from 'node:crypto';
import type { AnyEvents } from '../event-map.ts';
import { callApi } from './call-api.ts';
import { type ClientOptions, readClientOptions } from './client-options.ts';
import {
  type ConsumerAccess,
  type ConsumerToken,
  consumerAccessJson,
  isLink,
  isToken,
  type PortalAccess,
  type PortalLink,
  portalAccessJson,
  toLink,
  toToken,
} from './consumer-access.ts';
import { batchJson, type EventInput, eventJson } from './event-input.ts';
import { checkPublishOptions, type PublishOptions } from './publish-options.ts';
import type { Problem } from './tidings-error.ts';

/** An accepted event, stored on all in-sync replicas. */
export type Published = Readonly<{ id: string; type: string; acceptedAt: Date }>;

/** The result of one event of a batch. */
export type BatchResult =
  | (Published & Readonly<{ ok: true }>)
  | Readonly<{ ok: false; status: number; problem: Problem }>;

/** A client of one workspace; `Events` is the map of its event types. */
export type TidingsClient<Events extends object = AnyEvents> = Readonly<{
  /** Publishes an event. Resolves once it is stored; throws TidingsError otherwise. */
  publish: (event: EventInput<Events>, options?: PublishOptions) => Promise<Published>;
  /**
   * Publishes up to 1,000 events and 4 MB; the results are in the order of the events. Throws TidingsError if no event
   * was accepted.
   */
  publishBatch: (
    events: readonly EventInput<Events>[],
    options?: PublishOptions,
  ) => Promise<readonly BatchResult[]>;
  /** Creates a token with which a page of a consumer uses the API. The key needs the scope `admin`. */
  createConsumerToken: (access: ConsumerAccess, options?: PublishOptions) => Promise<ConsumerToken>;
  /** Creates a link that opens the portal of a consumer: redirect to it at once. The key needs the scope `admin`. */
  createPortalLink: (access: PortalAccess, options?: PublishOptions) => Promise<PortalLink>;
}>;

type Accepted = Readonly<{ id: string; type: string; accepted_at: string }>;
type Item = (Accepted & Readonly<{ status: 202 }>) | Readonly<{ status: number; problem: Problem }>;

/**
 * Creates a client for one API key. It holds no resources and needs no closing. Throws TypeError for invalid options;
 * its calls reject with TypeError for invalid events and options before sending anything.
 */
export function createClient<Events extends object = AnyEvents>(given: ClientOptions): TidingsClient<Events> {
  const options = readClientOptions(given);
  return {
    publish: async (event, publishOptions = {}) => {
      checkPublishOptions(publishOptions);
      const body = eventJson(event as EventInput);
      const call = { ...callOf('/v1/events', body, publishOptions), isAnswer: isAccepted };
      return published((await callApi(options, call)) as Accepted);
    },
    publishBatch: async (events, publishOptions = {}) => {
      checkPublishOptions(publishOptions);
      const body = batchJson(events as readonly EventInput[]);
      if (events.length === 0) return [];
      const isAnswer = (answer: unknown): boolean => isBatchAnswer(answer, events.length);
      const call = { ...callOf('/v1/events/batch', body, publishOptions), isAnswer, needsRepeat };
      return resultsOf(await callApi(options, call)).map(toResult);
    },
    createConsumerToken: async (access, callOptions = {}) => {
      checkPublishOptions(callOptions, 'createConsumerToken');
      const call = callOf('/v1/webhooks/consumer-tokens', consumerAccessJson(access), callOptions);
      return toToken(await callApi(options, { ...call, isAnswer: isToken }));
    },
    createPortalLink: async (access, callOptions = {}) => {
      checkPublishOptions(callOptions, 'createPortalLink');
      const call = callOf('/v1/webhooks/portal-links', portalAccessJson(access), callOptions);
      return toLink(await callApi(options, { ...call, isAnswer: isLink }));
    },
  };
}

function callOf(path: string, body: string, { idempotencyKey, signal }: PublishOptions) {
  const key = idempotencyKey ?? randomUUID();
  return { path, body, idempotencyKey: key, ...(signal === undefined ? {} : { signal }) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isAccepted = (answer: unknown): boolean =>
  isObject(answer) && typeof Reflect.get(answer, 'id') === 'string' && 'accepted_at' in answer;

function isBatchAnswer(answer: unknown, count: number): boolean {
  const results: unknown = isObject(answer) ? Reflect.get(answer, 'results') : undefined;
  return (
    Array.isArray(results) &&
    results.length === count &&
    results.every((one) => isAccepted(one) || (isObject(one) && 'problem' in one))
  );
}

function published({ id, type, accepted_at }: Accepted): Published {
  return { id, type, acceptedAt: new Date(accepted_at) };
}

function resultsOf(answer: unknown): readonly Item[] {
  return (answer as { readonly results: readonly Item[] }).results;
}

// The whole batch is sent again, not the rest: the ids of its events derive from the key and their positions.
function needsRepeat(answer: unknown): boolean {
  return resultsOf(answer).some(({ status }) => status === 503 || status === 429);
}

function toResult(item: Item): BatchResult {
  return 'problem' in item
    ? { ok: false, status: item.status, problem: item.problem }
    : { ok: true, ...published(item) };
}

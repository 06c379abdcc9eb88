import { randomUUID } from 'node:crypto';
import { callApi } from './call-api.ts';
import { type ClientOptions, readClientOptions } from './client-options.ts';
import { batchJson, type EventInput, eventJson } from './event-input.ts';
import { checkPublishOptions, type PublishOptions } from './publish-options.ts';
import type { Problem } from './tidings-error.ts';

/** An accepted event, stored on all in-sync replicas. */
export type Published = Readonly<{ id: string; type: string; acceptedAt: Date }>;

/** The result of one event of a batch. */
export type BatchResult =
  | (Published & Readonly<{ ok: true }>)
  | Readonly<{ ok: false; status: number; problem: Problem }>;

/** A client that publishes events. */
export type TidingsClient = Readonly<{
  /** Publishes an event. Resolves once it is stored; throws TidingsError otherwise. */
  publish: (event: EventInput, options?: PublishOptions) => Promise<Published>;
  /**
   * Publishes up to 1,000 events and 4 MB; the results are in the order of the events. Throws TidingsError if no event
   * was accepted.
   */
  publishBatch: (events: readonly EventInput[], options?: PublishOptions) => Promise<readonly BatchResult[]>;
}>;

type Accepted = Readonly<{ id: string; type: string; accepted_at: string }>;
type Item = (Accepted & Readonly<{ status: 202 }>) | Readonly<{ status: number; problem: Problem }>;

/**
 * Creates a client for one API key. It holds no resources and needs no closing. Throws TypeError for invalid options;
 * its calls reject with TypeError for invalid events and options before sending anything.
 */
export function createClient(given: ClientOptions): TidingsClient {
  const options = readClientOptions(given);
  return {
    publish: async (event, publishOptions = {}) => {
      checkPublishOptions(publishOptions);
      const body = eventJson(event);
      const call = { ...callOf('/v1/events', body, publishOptions), isAnswer: isAccepted };
      return published((await callApi(options, call)) as Accepted);
    },
    publishBatch: async (events, publishOptions = {}) => {
      checkPublishOptions(publishOptions);
      const body = batchJson(events);
      if (events.length === 0) return [];
      const isAnswer = (answer: unknown): boolean => isBatchAnswer(answer, events.length);
      const call = { ...callOf('/v1/events/batch', body, publishOptions), isAnswer, needsRepeat };
      return resultsOf(await callApi(options, call)).map(toResult);
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

import { randomUUID } from 'node:crypto';
import { type Call, type CallOptions, callApi } from './call-api.ts';
import { type EventInput, eventJson } from './event-input.ts';
import type { Problem } from './tidings-error.ts';

/**
 * `url`: the origin of the API. `apiKey`: a key with the scope `events:write`. `timeoutMs`: one attempt (default
 * 10,000). `maxAttempts`: default 5. `maxWaitMs`: the longest wait between two attempts; a longer Retry-After ends the
 * call (default 30,000).
 */
export type ClientOptions = Readonly<{
  url: string;
  apiKey: string;
  timeoutMs?: number;
  maxAttempts?: number;
  maxWaitMs?: number;
  fetch?: typeof fetch;
  random?: () => number;
}>;

/**
 * `idempotencyKey`: makes repeats of the call the same events, also after your own crash; a random one is used when it
 * is not given. `signal`: ends the call and its waits.
 */
export type PublishOptions = Readonly<{ idempotencyKey?: string; signal?: AbortSignal }>;

/** An event that the log has on all in-sync replicas. */
export type Published = Readonly<{ id: string; type: string; acceptedAt: Date }>;

/** What became of one event of a batch. */
export type BatchResult =
  | (Published & Readonly<{ ok: true }>)
  | Readonly<{ ok: false; status: number; problem: Problem }>;

/** Publishes events. */
export type TidingsClient = Readonly<{
  /** Resolves when the event is safe; throws TidingsError otherwise. */
  publish: (event: EventInput, options?: PublishOptions) => Promise<Published>;
  /** Up to 1,000 events and 4 MB; the results are in the order of the events. Throws TidingsError when no event was taken. */
  publishBatch: (events: readonly EventInput[], options?: PublishOptions) => Promise<readonly BatchResult[]>;
}>;

type Accepted = Readonly<{ id: string; type: string; accepted_at: string }>;
type Item = (Accepted & Readonly<{ status: 202 }>) | Readonly<{ status: number; problem: Problem }>;

/** A client for one API key. It keeps nothing, so that it needs no closing. */
export function createClient(given: ClientOptions): TidingsClient {
  const options: CallOptions = {
    url: given.url.replace(/\/+$/, ''),
    apiKey: given.apiKey,
    timeoutMs: given.timeoutMs ?? 10_000,
    maxAttempts: given.maxAttempts ?? 5,
    maxWaitMs: given.maxWaitMs ?? 30_000,
    fetch: given.fetch ?? fetch,
    random: given.random ?? Math.random,
  };
  return {
    publish: async (event, publishOptions = {}) => {
      const call = callOf('/v1/events', eventJson(event), publishOptions);
      return published((await callApi(options, call)) as Accepted);
    },
    publishBatch: async (events, publishOptions = {}) => {
      if (events.length === 0) return [];
      const body = `{"events":[${events.map(eventJson).join(',')}]}`;
      const call = { ...callOf('/v1/events/batch', body, publishOptions), needsRepeat };
      return resultsOf(await callApi(options, call)).map(toResult);
    },
  };
}

function callOf(path: string, body: string, { idempotencyKey, signal }: PublishOptions): Call {
  const key = idempotencyKey ?? randomUUID();
  return { path, body, idempotencyKey: key, ...(signal === undefined ? {} : { signal }) };
}

function published({ id, type, accepted_at }: Accepted): Published {
  return { id, type, acceptedAt: new Date(accepted_at) };
}

function resultsOf(answer: unknown): readonly Item[] {
  return (answer as { readonly results: readonly Item[] }).results;
}

// The whole batch is sent again, not the rest: the ids of its events come from the key and their place in it.
function needsRepeat(answer: unknown): boolean {
  return resultsOf(answer).some(({ status }) => status === 503 || status === 429);
}

function toResult(item: Item): BatchResult {
  return 'problem' in item
    ? { ok: false, status: item.status, problem: item.problem }
    : { ok: true, ...published(item) };
}

import type { InboundHeaders } from './headers.ts';
import type { Payload } from './payload.ts';

/** The reasons why a request is refused, for operators. The sender gets none of them. */
export const hookFailures = [
  'repeated-header',
  'missing-signature',
  'malformed-signature',
  'malformed-timestamp',
  'timestamp-out-of-range',
  'no-matching-signature',
] as const;

/** One of {@link hookFailures}. */
export type HookFailure = (typeof hookFailures)[number];

/** The options of a source, checked by the schema of its provider. */
export type SourceOptions = Readonly<Record<string, string | number>>;

/** A request as it was received. `url`: the URL that the sender used, with its query. */
export type InboundRequest = Readonly<{ url: string; headers: InboundHeaders; body: Buffer }>;

/** Secrets, options and time that a request is verified against. */
export type Verification = Readonly<{
  secrets: readonly string[];
  options: SourceOptions;
  nowSeconds: number;
}>;

/** A body that is verified as it comes. `failure` is called once, after the last chunk. */
export type BodyCheck = Readonly<{ update(chunk: Buffer): void; failure(): HookFailure | null }>;

/** A request without its body. */
export type RequestHead = Omit<InboundRequest, 'body'>;

/** Begins to verify a body; null if it has to be whole for that. */
export type CheckBody = (head: RequestHead, against: Verification) => BodyCheck | null;

/** Options and time that the headers of a request are checked against, before its body is read. */
export type HeaderCheck = Pick<Verification, 'options' | 'nowSeconds'>;

/**
 * One item of a verified request, which becomes one event. `index`: its place in a request that is split, from 0; null: it
 * is the whole of a request.
 */
export type Hook = Readonly<{
  headers: InboundHeaders;
  payload: Payload;
  options: SourceOptions;
  index: number | null;
}>;

/** A JSON Schema of one option. */
type OptionSchema = Readonly<{ type: 'string' | 'integer'; description: string }> &
  Readonly<Record<string, unknown>>;

/**
 * A provider of webhooks: what it signs and where it says what happened. `docs/inbound.md` describes how to add one.
 */
export type Provider = Readonly<{
  /** Name in the API. */
  name: string;
  /** First part of the names of its event types; `their type` follows after a dot. */
  typePrefix: string;
  /** Maximum size of a body that it sends, in bytes. */
  maxBytes: number;
  /** The content types that it sends; undefined: any. */
  contentTypes: readonly string[] | undefined;
  /** Time after which it gives up waiting for a response, in milliseconds, from the end of its headers. */
  answerWithinMs: number;
  /** Time for which it can repeat a request that failed, by itself or on demand, in seconds. */
  retrySpanSeconds: number;
  /** True if it repeats nothing by itself: what is refused is lost, so that its sources use the spool by default. */
  neverRepeats?: true;
  /** Its options, by name; all are optional. */
  options: Readonly<Record<string, OptionSchema>>;
  /** Returns the headers that it reads: a request that repeats one of them is refused. */
  reads(options: SourceOptions): readonly string[];
  /** Returns the headers that hold a secret or a signature and are not named so: events do not keep them. */
  credentials?(options: SourceOptions): readonly string[];
  /** Returns the fault of a secret, the end of a sentence that does not quote it; null if there is none. */
  secretFault(secret: string, options: SourceOptions): string | null;
  /**
   * Returns why the headers alone show that a request is not the provider's, such as a signature that is missing or a time
   * that is out of range; null if the body decides. Called before the body is read, and before `verify`.
   */
  checkHeaders(headers: InboundHeaders, against: HeaderCheck): HookFailure | null;
  /** Returns why the request is not the provider's; null if it is. Over the bytes as received, in constant time. */
  verify(request: InboundRequest, against: Verification): HookFailure | null;
  /**
   * Does the same for a body that is too large to be held, and comes in chunks. A provider without it, or which returns null
   * here, has bodies of 900,000 bytes at most.
   */
  checkBody?: CheckBody;
  /** Returns the response to a request that only checks the endpoint; null for any other. */
  challenge?(payload: Payload): object | null;
  /** Returns the items of a request that may have several; null for one that is a single item. */
  split?(payload: Payload, headers: InboundHeaders): readonly Payload[] | null;
  /** Returns the provider's id, which is the same in every repeat; null without one. */
  id(hook: Hook): string | null;
  /** Returns the provider's type; null without one. */
  type(hook: Hook): string | null;
  /** Returns the resource whose events stay in order; null without one. */
  orderingKey(hook: Hook): string | null;
}>;

/** Returns a check that a header is there. */
export const requireHeader =
  (name: string) =>
  (headers: InboundHeaders): HookFailure | null =>
    headers.get(name) === undefined ? 'missing-signature' : null;

/** Returns the fault of a secret that is shorter or longer than a key may be; null if there is none. */
export const lengthFault = (secret: string): string | null =>
  secret.length >= 8 && secret.length <= 512 ? null : `must have 8 to 512 characters, got ${secret.length}`;

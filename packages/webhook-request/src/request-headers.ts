import { type BodyFormat, type DeliveryState, isReplayed } from '@tidings/contracts';
import { type PreparedSecret, type StreamSignatures, sign, signPlain } from '@tidings/signing';

/** The User-Agent that endpoints receive. */
export const userAgent = 'Tidings/0.1.0';

const contentTypes: Readonly<Record<BodyFormat, string>> = {
  standard: 'application/json',
  plain: 'application/json',
  cloudevents: 'application/cloudevents+json',
  'cloudevents-binary': 'application/json',
};

/** The keys of a request: every secret that has not expired, newest first, and the text that plain style needs. */
export type RequestKeys = Readonly<{
  secrets: readonly (string | PreparedSecret)[];
  /** Set for signature style `plain` only. */
  plainSecret: string | null;
  /**
   * The subscription's other headers, names in lower case: decrypted credentials, and headers that its endpoint
   * requested.
   */
  headers: Readonly<Record<string, string>>;
}>;

/** One attempt's request before its headers are created. */
export type SignedRequest = Readonly<{
  state: Pick<
    DeliveryState,
    'deliveryId' | 'eventId' | 'eventType' | 'workspaceId' | 'chain' | 'trigger' | 'format' | 'cloudEvent'
  >;
  /** The subscription's own headers, as its owner wrote them. Each version of it has one object. */
  ownHeaders: Readonly<Record<string, string>>;
  /** The body, or the signatures of one that was read before. */
  body: Buffer | StreamSignatures;
  keys: RequestKeys;
  nowMs: number;
  traceparent: string;
}>;

/**
 * Returns headers with their names in lower case; the last of two equal names wins. Created from entries and never by
 * assignment, since owners choose the names: an assigned `__proto__` would be lost.
 */
export const lowerCaseHeaders = (
  headers: readonly (readonly [name: string, value: string])[],
): Record<string, string> => Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));

// Cached, since the result depends on one version only.
const lowered = new WeakMap<Readonly<Record<string, string>>, Readonly<Record<string, string>>>();

const loweredOf = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const known = lowered.get(headers);
  if (known !== undefined) return known;
  const made = lowerCaseHeaders(Object.entries(headers));
  lowered.set(headers, made);
  return made;
};

// CloudEvents 1.0 HTTP binding, section 3.1.3.2: space, double quote, percent and all that is not printable ASCII.
const toHeaderValue = (text: string): string =>
  text.replace(/[^\u0021\u0023\u0024\u0026-\u007e]+/gu, percentEncoded);

const percentEncoded = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

const cloudEventHeaders = ({ state }: SignedRequest): Record<string, string> => {
  const { cloudEvent } = state;
  if (state.format !== 'cloudevents-binary' || cloudEvent === undefined) return {};
  return {
    'ce-specversion': '1.0',
    'ce-id': state.eventId,
    'ce-source': toHeaderValue(cloudEvent.source),
    'ce-type': state.eventType,
    'ce-time': toHeaderValue(cloudEvent.time),
    'ce-workspaceid': state.workspaceId,
    ...(cloudEvent.dataref !== undefined && { 'ce-dataref': cloudEvent.dataref }),
  };
};

const signaturesOf = ({ state, body, keys }: SignedRequest, timestampSeconds: number): StreamSignatures =>
  Buffer.isBuffer(body)
    ? {
        signature: sign({ id: state.deliveryId, timestampSeconds, body, secrets: keys.secrets }),
        plainSignature: keys.plainSecret === null ? null : signPlain({ body, secret: keys.plainSecret }),
      }
    : body;

/**
 * Returns the headers of one attempt, names in lower case. The id is the same on every attempt; time and signature are
 * new. These take precedence over the subscription's own headers.
 */
export const requestHeaders = (request: SignedRequest): Record<string, string> => {
  const { state, keys, nowMs } = request;
  const id = state.deliveryId;
  const timestampSeconds = Math.floor(nowMs / 1_000);
  const { signature, plainSignature } = signaturesOf(request, timestampSeconds);
  const headers: Record<string, string> = {
    ...loweredOf(request.ownHeaders),
    ...keys.headers,
    'content-type': contentTypes[state.format],
    ...cloudEventHeaders(request),
    'user-agent': userAgent,
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signature,
    'x-webhook-event': state.eventType,
    traceparent: request.traceparent,
  };
  if (isReplayed(state)) headers['x-webhook-trigger'] = 'replay';
  if (plainSignature !== null) {
    headers['x-webhook-id'] = id;
    headers['x-webhook-timestamp'] = String(timestampSeconds);
    headers['x-webhook-signature'] = plainSignature;
  }
  return headers;
};

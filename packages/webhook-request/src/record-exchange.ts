import { isUtf8 } from 'node:buffer';
import {
  type AttemptEnd,
  type AttemptExchange,
  type CompletedRequest,
  type DeliveryId,
  derivedRequestHeaders,
  endOfRequest,
  exchangeText,
  type HeaderFields,
  headerText,
  maxExcerptBytes,
  type PhaseTimings,
  textStart,
} from '@tidings/contracts';
import { type Mask, maskedText } from './mask-secrets.ts';
import type { Redaction } from './redaction.ts';

/** The limits of what an attempt records of a request and of its response. */
export const exchangeLimits = {
  bodyBytes: 16_384,
  /** Header values of a request, and of a response. */
  headers: 64,
  /** Characters of their names and values. */
  headerCharacters: 4_096,
} as const;

/** A request that was sent, and the fields of its attempt from which some of its headers follow. */
export type SentRequest = Readonly<{
  deliveryId: DeliveryId;
  eventType: string;
  atMs: number;
  headers: Readonly<Record<string, string>>;
}>;

/** Which bodies are recorded in full, up to the limit; of the others only the excerpt. */
export type BodyRule = 'every-body' | 'bodies-of-failures';

/** The outcome of an attempt, and the text of its exchange for the attempt event, both without secrets. */
export type RecordedExchange = Readonly<{ outcome: AttemptEnd; exchange: string }>;

const noBody = Buffer.alloc(0);

type Response = NonNullable<AttemptExchange['response']>;

// The excerpt is the first KiB. The rest is searched only for a secret that begins in it.
const searchedForExcerptBytes = 4_096;
const signature = /(v1a?,|sha256=)[^ ]+/g;
const nonAscii = /[\u0080-\u00ff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these take six characters each in JSON
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

const isSignature = (name: string): boolean => name === 'webhook-signature' || name === 'x-webhook-signature';

type Measured = { -readonly [Phase in keyof AttemptExchange['phases']]: number };

// Without a loop over names: this runs for every attempt.
const phasesOf = (timings: PhaseTimings): AttemptExchange['phases'] => {
  const { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, totalMs } = timings;
  const phases: Measured = { totalMs };
  if (dnsMs !== null) phases.dnsMs = dnsMs;
  if (connectMs !== null) phases.connectMs = connectMs;
  if (tlsMs !== null) phases.tlsMs = tlsMs;
  if (firstByteMs !== null) phases.firstByteMs = firstByteMs;
  if (bodyMs !== null) phases.bodyMs = bodyMs;
  return phases;
};

type Fields = Readonly<{ headers: HeaderFields; omitted?: number }>;

/** Collects headers within the limits. */
class FieldCollector {
  readonly #headers: Record<string, string | readonly string[]> = {};
  #values = 0;
  #characters = 0;
  #omitted = 0;

  add(name: string, value: string | readonly string[]): void {
    let characters = name.length;
    if (typeof value === 'string') characters += value.length;
    else for (const one of value) characters += one.length;
    const values = typeof value === 'string' ? 1 : value.length;
    const { headers, headerCharacters } = exchangeLimits;
    if (this.#values + values > headers || this.#characters + characters > headerCharacters) {
      this.#omitted += values;
      return;
    }
    this.#values += values;
    this.#characters += characters;
    // An assigned __proto__ would be lost, and endpoints choose the names.
    if (name === '__proto__') Object.defineProperty(this.#headers, name, { value, enumerable: true });
    else this.#headers[name] = value;
  }

  get fields(): Fields {
    return this.#omitted === 0
      ? { headers: this.#headers }
      : { headers: this.#headers, omitted: this.#omitted };
  }
}

const requestFields = (request: SentRequest, { ownHeaders }: Redaction): Fields => {
  const derived = derivedRequestHeaders(request);
  const fields = new FieldCollector();
  for (const name of Object.keys(request.headers)) {
    const value = request.headers[name] ?? '';
    const recorded = isSignature(name)
      ? value.replace(signature, `$1${maskedText}`)
      : (ownHeaders.get(name) ?? value);
    if (!Object.hasOwn(derived, name) || derived[name] !== recorded) fields.add(name, recorded);
  }
  return fields.fields;
};

// HTTP headers are bytes, read as Latin-1; endpoints that send others mean UTF-8.
const headerValue = (value: string): string => {
  if (!nonAscii.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
};

const readable = (value: string | readonly string[]): string | readonly string[] =>
  typeof value === 'string' ? headerValue(value) : value.map(headerValue);

const responseFields = (headers: HeaderFields, mask: Mask): Fields => {
  const fields = new FieldCollector();
  const clean = (text: string): string => mask.text(text, false);
  const names = Object.keys(headers);
  const values = names.map((name) => readable(headers[name] ?? ''));
  // One search in all that are long enough; nearly no response echoes a secret.
  const long = [...names, ...values.flat()].filter((text) => text.length >= mask.shortest).join('\n');
  const isClean = clean(long) === long;
  for (const [at, name] of names.entries()) {
    const value = values[at] ?? '';
    if (isClean) fields.add(name, value);
    else fields.add(clean(name), typeof value === 'string' ? clean(value) : value.map(clean));
  }
  return fields.fields;
};

/** Returns the mask of one request, which removes its signatures too: they are valid for some minutes. */
const maskOfRequest = ({ headers }: SentRequest, { mask }: Redaction): Mask =>
  mask.also(() =>
    [headers['webhook-signature'], headers['x-webhook-signature']]
      .flatMap((value) => [...(value ?? '').matchAll(signature)])
      .map(([text, prefix = '']) => text.slice(prefix.length)),
  );

const isText = (bytes: Buffer): boolean => {
  if (!isUtf8(bytes)) return false;
  const found = bytes.toString('utf8').match(controls);
  return found === null || found.length * 10 <= bytes.length;
};

type KeptBody = Readonly<{ body: string; encoding?: 'base64' }>;

/** `isCut`: more followed, so the last character may be incomplete. */
const bodyText = (bytes: Buffer, isCut: boolean): KeptBody => {
  const text = isCut ? textStart(bytes, bytes.length) : bytes;
  return isText(text)
    ? { body: text.toString('utf8') }
    : { body: bytes.toString('base64'), encoding: 'base64' };
};

// The client requests `identity`. What is compressed nevertheless cannot be searched for secrets.
const isCompressed = ({ headers }: CompletedRequest): boolean =>
  !/^(?:identity)?$/i.test(headerText(headers, 'content-encoding')?.trim() ?? '');

type Body = Pick<Response, 'body' | 'encoding' | 'truncated' | 'withheld'>;

const endWith = (sent: CompletedRequest, body: Buffer): AttemptEnd =>
  endOfRequest(sent.kind === 'response' ? { ...sent, body } : sent);

/** Ends an attempt by its outcome, with the excerpt, and returns the part of the body that the excerpt does not have. */
const endWithBody = (
  sent: CompletedRequest,
  mask: Mask,
  rule: BodyRule,
): Readonly<{ outcome: AttemptEnd; body: Body }> => {
  if (sent.body.length === 0) return { outcome: endWith(sent, noBody), body: {} };
  if (isCompressed(sent)) return { outcome: endWith(sent, noBody), body: { withheld: true } };
  const isSuccess = sent.kind === 'response' && sent.status >= 200 && sent.status < 300;
  const isFull = rule === 'every-body' || !isSuccess;
  const searched = isFull ? sent.body : sent.body.subarray(0, searchedForExcerptBytes);
  const isPart = sent.kind === 'failed' || sent.truncated || searched.length < sent.body.length;
  const masked = mask.body(searched, isPart);
  const outcome = endWith(sent, masked);
  const kept = masked.subarray(0, isFull ? exchangeLimits.bodyBytes : maxExcerptBytes);
  const isCut = isPart || kept.length < masked.length;
  const text = bodyText(kept, isCut);
  const truncated = isCut ? ({ truncated: true } as const) : {};
  const isInExcerpt = text.encoding === undefined && text.body === outcome.responseExcerpt;
  return { outcome, body: isInExcerpt ? truncated : { ...text, ...truncated } };
};

/**
 * Records an exchange: the outcome of its attempt, the phases, and the headers and body within {@link exchangeLimits}.
 * Secret headers, signatures, and every echo of them or of a signing secret are masked.
 */
export const recordExchange = (
  request: SentRequest,
  sent: CompletedRequest,
  { redaction, rule }: Readonly<{ redaction: Redaction; rule: BodyRule }>,
): RecordedExchange => {
  const mask = maskOfRequest(request, redaction);
  const { outcome, body } = endWithBody(sent, mask, rule);
  const exchange = { phases: phasesOf(sent.timings), request: requestFields(request, redaction) };
  if (sent.status === null) return { outcome, exchange: exchangeText(exchange) };
  const response: Response = { ...responseFields(sent.headers, mask), ...body };
  return { outcome, exchange: exchangeText({ ...exchange, response }) };
};

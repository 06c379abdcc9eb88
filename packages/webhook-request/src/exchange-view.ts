import {
  type AttemptExchange,
  type DeliveryId,
  derivedRequestHeaders,
  type HeaderFields,
  maxExcerptBytes,
  parseExchange,
  type RecordedPhases,
  type ShortExchange,
} from '@tidings/contracts';

/** An attempt to be shown. `exchange` is its text in the attempt event; null in records of earlier releases. */
export type ShownAttempt = Readonly<{
  deliveryId: DeliveryId;
  eventType: string;
  atMs: number;
  responseExcerpt: string | null;
  exchange: string | null;
  /** True if a request for erasure has removed what was recorded. */
  isErased?: boolean;
}>;

const phasesView = ({ dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, totalMs }: RecordedPhases) => ({
  dns_ms: dnsMs ?? null,
  connect_ms: connectMs ?? null,
  tls_ms: tlsMs ?? null,
  first_byte_ms: firstByteMs ?? null,
  body_ms: bodyMs ?? null,
  total_ms: totalMs,
});

const requestHeadersOf = (attempt: ShownAttempt, recorded: HeaderFields): HeaderFields =>
  Object.fromEntries([
    ...Object.entries(derivedRequestHeaders(attempt)).filter(([name]) => !Object.hasOwn(recorded, name)),
    ...Object.entries(recorded),
  ]);

// An excerpt of this length has most likely been cut, perhaps in a character of four bytes.
const isLikelyCut = (excerpt: string | null): boolean =>
  excerpt !== null && Buffer.byteLength(excerpt) > maxExcerptBytes - 4;

const isShort = (exchange: AttemptExchange | ShortExchange): exchange is ShortExchange =>
  'dropped' in exchange;

const excerptView = (excerpt: string | null, isTruncated: boolean) => ({
  request_headers: null,
  request_headers_omitted: 0,
  response_headers: null,
  response_headers_omitted: 0,
  response_body: excerpt,
  response_body_encoding: 'utf8',
  response_body_truncated: isTruncated,
  response_body_withheld: false,
});

const recordedView = (attempt: ShownAttempt): Readonly<Record<string, unknown>> => {
  const { responseExcerpt } = attempt;
  const exchange = attempt.exchange === null ? null : parseExchange(attempt.exchange);
  if (exchange === null) {
    return {
      details: 'unrecorded',
      phases: null,
      ...excerptView(responseExcerpt, isLikelyCut(responseExcerpt)),
    };
  }
  const phases = phasesView(exchange.phases);
  if (isShort(exchange)) {
    return { details: 'dropped', phases, ...excerptView(responseExcerpt, exchange.truncated === true) };
  }
  const { request, response } = exchange;
  return {
    details: 'recorded',
    phases,
    request_headers: requestHeadersOf(attempt, request.headers),
    request_headers_omitted: request.omitted ?? 0,
    response_headers: response?.headers ?? null,
    response_headers_omitted: response?.omitted ?? 0,
    response_body: response?.body ?? responseExcerpt,
    response_body_encoding: response?.encoding ?? 'utf8',
    response_body_truncated: response?.truncated === true,
    response_body_withheld: response?.withheld === true,
  };
};

/** Returns the fields by which the API shows the exchange of an attempt; {@link exchangeProperties} describes them. */
export const exchangeView = (attempt: ShownAttempt): Readonly<Record<string, unknown>> => ({
  ...recordedView(attempt),
  ...(attempt.isErased === true && { details: 'erased' }),
});

const ms = { type: ['number', 'null'], minimum: 0 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const headers = (description: string) =>
  ({
    type: ['object', 'null'],
    additionalProperties: { type: ['string', 'array'], items: { type: 'string' } },
    description,
  }) as const;

/** JSON Schema of the fields of {@link exchangeView}. */
export const exchangeProperties = {
  details: {
    enum: ['recorded', 'dropped', 'unrecorded', 'erased'],
    description:
      'dropped: headers and body were removed because many attempts followed. unrecorded: an attempt of an earlier release. erased: by a request for erasure.',
  },
  phases: {
    type: ['object', 'null'],
    properties: {
      dns_ms: ms,
      connect_ms: ms,
      tls_ms: ms,
      first_byte_ms: ms,
      body_ms: ms,
      total_ms: { type: 'number', minimum: 0 },
    },
    required: ['dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms', 'body_ms', 'total_ms'],
    description:
      'Milliseconds of each phase; null for one that was skipped (a reused connection, a cached name) or not reached. The phase that failed has the time until the failure.',
  },
  request_headers: headers(
    'Headers of the request; secret ones and signatures are masked. Those of the HTTP client (host, content-length, accept-encoding) are not listed.',
  ),
  request_headers_omitted: { ...count, description: 'Request headers beyond the limit.' },
  response_headers: headers('Headers of the response; null if none were read. Secrets are masked.'),
  response_headers_omitted: { ...count, description: 'Response headers beyond the limit.' },
  response_body: {
    type: ['string', 'null'],
    description:
      'The first 16 KiB of the response body if the attempt failed, and the first KiB if it succeeded, unless the operator records more. Secrets are masked.',
  },
  response_body_encoding: {
    enum: ['utf8', 'base64'],
    description: 'base64: the body is not text.',
  },
  response_body_truncated: {
    type: 'boolean',
    description: 'Whether the body was longer than the recorded part.',
  },
  response_body_withheld: {
    type: 'boolean',
    description: 'True for a compressed body: it is not recorded, since secrets in it cannot be masked.',
  },
} as const;

/** Example values of the fields of {@link exchangeView}. */
export const exchangeExample = {
  details: 'recorded',
  phases: { dns_ms: 1.2, connect_ms: 8.4, tls_ms: 12.9, first_byte_ms: 14.1, body_ms: 0.2, total_ms: 37.6 },
  request_headers: {
    'content-type': 'application/json',
    'webhook-id': 'dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c',
    'webhook-timestamp': '1795341600',
    'webhook-signature': 'v1,***',
    'x-webhook-event': 'order.paid',
    'user-agent': 'Tidings/0.1.0',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  request_headers_omitted: 0,
  response_headers: { date: 'Sun, 22 Nov 2026 10:00:00 GMT', connection: 'keep-alive' },
  response_headers_omitted: 0,
  response_body: null,
  response_body_encoding: 'utf8',
  response_body_truncated: false,
  response_body_withheld: false,
} as const;

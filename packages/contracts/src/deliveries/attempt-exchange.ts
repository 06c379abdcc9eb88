import type { DeliveryId } from '../ids/ids.ts';
import type { HeaderFields } from '../wire/header-fields.ts';
import { compileSchema, exactly, parseJson } from '../wire/schemas.ts';
import { DecodeError } from '../wire/wire.ts';
import type { PhaseTimings } from './request-outcome.ts';

/** Measured phases in milliseconds, see {@link PhaseTimings}; one that was not measured is absent. */
export type RecordedPhases = Readonly<
  { totalMs: number } & { [Phase in Exclude<keyof PhaseTimings, 'totalMs'>]?: number }
>;

/**
 * The recorded part of a request and of its response. Secrets are masked before it is
 * created. `omitted` counts header values beyond the limits.
 */
export type AttemptExchange = Readonly<{
  phases: RecordedPhases;
  /** The headers that differ from {@link derivedRequestHeaders}. */
  request: Readonly<{ headers: HeaderFields; omitted?: number }>;
  /** Absent if no response was read. */
  response?: Readonly<{
    headers: HeaderFields;
    omitted?: number;
    /** The beginning of the body; absent if it equals the excerpt of the outcome. */
    body?: string;
    /** Set if the body is not text; `body` is base64 then. */
    encoding?: 'base64';
    /** Set if the body was longer than the recorded part. */
    truncated?: true;
    /** Set if the body was not recorded, because it was compressed and secrets in it could not be masked. */
    withheld?: true;
  }>;
}>;

/**
 * An exchange without headers and body, which made room for those of later attempts. `truncated`: the body was longer
 * than the excerpt of the outcome.
 */
export type ShortExchange = Readonly<{ phases: RecordedPhases; dropped: true; truncated?: true }>;

const ms = { type: 'number', minimum: 0 } as const;
const omitted = { type: 'integer', minimum: 1 } as const;
const headers = {
  type: 'object',
  additionalProperties: { type: ['string', 'array'], items: { type: 'string' } },
} as const;

const phases = exactly({ totalMs: ms }, { dnsMs: ms, connectMs: ms, tlsMs: ms, firstByteMs: ms, bodyMs: ms });

const whole = exactly(
  {
    phases,
    request: exactly({ headers }, { omitted }),
  },
  {
    response: exactly(
      { headers },
      {
        omitted,
        body: { type: 'string' },
        encoding: { const: 'base64' },
        truncated: { const: true },
        withheld: { const: true },
      },
    ),
  },
);

const short = exactly({ phases, dropped: { const: true } }, { truncated: { const: true } });

const name = 'AttemptExchange';
const check = compileSchema<AttemptExchange | ShortExchange>(name, { anyOf: [whole, short] });

/** Encodes an exchange as the JSON text that an attempt event carries. */
export const exchangeText = (exchange: AttemptExchange | ShortExchange): string => JSON.stringify(exchange);

/** Parses the text of an exchange; null for any other text. */
export const parseExchange = (text: string): AttemptExchange | ShortExchange | null => {
  try {
    return check(parseJson(name, text));
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
};

/** Returns the text of an exchange without its headers and body; of one that has none, the same text. */
export const shortExchangeText = (text: string): string => {
  const exchange = parseExchange(text);
  if (exchange === null || 'dropped' in exchange) return text;
  const { phases: measured, response } = exchange;
  const isCut = response?.truncated === true || response?.body !== undefined;
  return exchangeText({ phases: measured, dropped: true, ...(isCut && { truncated: true }) });
};

/**
 * Returns the request headers that follow from the other fields of an attempt event and are therefore not recorded
 * with each attempt. It describes stored records: changing a value would change what they mean.
 */
export const derivedRequestHeaders = (
  attempt: Readonly<{ deliveryId: DeliveryId; eventType: string; atMs: number }>,
): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'webhook-id': attempt.deliveryId,
  'webhook-timestamp': String(Math.floor(attempt.atMs / 1_000)),
  'webhook-signature': 'v1,***',
  'x-webhook-event': attempt.eventType,
});

import type { SealedHeader } from '@tidings/contracts';
import { exactly, shape } from '../../registry/domain/document-schema.ts';
import { maskedIn } from './audit-masks.ts';
import { choice } from './event-settings.ts';
import { headerFaults, type SecretHeadersBody } from './header-rules.ts';
import { limits } from './limits.ts';
import { rateLimitSetting } from './rate-limit-setting.ts';
import { type ScheduleChoice, scheduleFaults, scheduleSeconds } from './retry-schedule.ts';
import { same, setting } from './setting.ts';
import { tlsSetting } from './tls-setting.ts';

/** Verification of an endpoint before first use: none, a test that it must accept, or a request for consent. */
export const verifications = ['none', 'ping', 'challenge'] as const;
/** See {@link verifications}. */
export type Verification = (typeof verifications)[number];

type StoredHeader = Readonly<{ name: string; value: string }>;
const positive = { type: 'integer', minimum: 1 } as const;

const count = ({ min, max }: Readonly<{ min: number; max: number }>, description: string) =>
  ({ type: 'integer', minimum: min, maximum: max, description }) as const;

// true keeps the current value; null removes the header.
const secretHeaderValues = {
  type: ['string', 'boolean', 'null'],
  not: { const: false },
  writeOnly: true,
} as const;

/** Settings of the requests to an endpoint. */
export const requestSettings = {
  headers: setting({
    wire: 'headers',
    schema: {
      type: 'object',
      maxProperties: limits.headers,
      additionalProperties: { type: 'string' },
      description: 'Headers that are added to every request.',
    },
    patchSchema: {
      type: ['object', 'null'],
      additionalProperties: { type: ['string', 'null'] },
      description: 'Headers that are added to every request; null removes one.',
    },
    default: {},
    read: same<Readonly<Record<string, string>>>,
    faults: (headers) => headerFaults('headers', headers),
    shown: { type: 'object', additionalProperties: { type: 'string' } },
    example: { 'x-tenant': 'acme' },
    // A list, because header names may contain dots and dollars too.
    stored: { type: 'array', items: exactly({ name: shape.text, value: shape.text }) },
    toStored: (headers) => Object.entries(headers).map(([name, value]): StoredHeader => ({ name, value })),
    fromStored: (headers) => Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    mask: (headers) => maskedIn(headers, 'value'),
    hints: ['custom_headers'],
  }),
  /** Headers whose values are credentials: written, never read back. `headers` has none of their names. */
  secretHeaders: setting({
    wire: 'secret_headers',
    schema: {
      type: 'object',
      maxProperties: limits.headers,
      additionalProperties: secretHeaderValues,
      description: 'Headers that are credentials: their values are stored sealed and never shown.',
    },
    patchSchema: {
      type: ['object', 'null'],
      additionalProperties: secretHeaderValues,
      description: 'Headers that are credentials; true keeps the current value, null removes the header.',
    },
    default: {},
    // New values must be sealed first: see `sealedHeaders`.
    read: (_given: SecretHeadersBody, current: readonly SealedHeader[] = []): readonly SealedHeader[] =>
      current,
    faults: (headers) => headerFaults('secret_headers', headers),
    shown: {
      type: 'object',
      additionalProperties: { const: true },
      description: 'Names of the headers that are credentials, each with the value true.',
    },
    show: (headers) => Object.fromEntries(headers.map(({ name }) => [name, true])),
    example: { authorization: true },
    stored: { type: 'array', items: exactly({ name: shape.text, sealed: shape.text }) },
    mask: (headers) => maskedIn(headers, 'sealed'),
  }),
  verify: setting({
    wire: 'verify',
    schema: choice(
      verifications,
      'Verification of the endpoint before its first use: `ping` sends a test, `challenge` asks for its consent.',
    ),
    default: 'none',
    read: same<Verification>,
    shown: { enum: verifications, description: 'Verification of the endpoint before its first use.' },
    isOnTopic: false,
    stored: { enum: verifications },
  }),
  /** The origin that the endpoint has consented to; null when no consent was requested. */
  requestOrigin: setting({
    wire: null,
    schema: {},
    default: null,
    read: same<string | null>,
    shown: {},
    storedAs: 'request_origin',
    stored: shape.nullableText,
  }),
  timeoutMs: setting({
    wire: 'timeout_seconds',
    schema: count({ min: 1, max: 30 }, 'Timeout of an attempt, from connecting to the end of the response.'),
    default: 10,
    read: (seconds: number): number => seconds * 1_000,
    shown: { type: 'number' },
    show: (timeoutMs) => timeoutMs / 1_000,
    storedAs: 'timeout_ms',
    stored: positive,
    hints: ['timeout'],
  }),
  retryScheduleSeconds: setting({
    wire: 'retry_schedule',
    schema: {
      // An array is validated by element, any other value by the names.
      if: { type: 'array' },
      // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
      then: {
        type: 'array',
        items: { type: 'integer', minimum: 0, maximum: limits.retryTotalSeconds },
        maxItems: limits.retrySteps + 1,
      },
      else: { type: 'string', enum: ['default', 'short'] },
      description: 'Name of a schedule, or the seconds before each attempt after the first.',
    },
    default: 'default',
    read: (given: ScheduleChoice): readonly number[] => scheduleSeconds(given),
    faults: scheduleFaults,
    shown: { type: 'array', items: { type: 'integer' } },
    storedAs: 'retry_schedule_seconds',
    stored: { type: 'array', items: shape.count },
    hints: ['retry_policy'],
  }),
  rateLimit: rateLimitSetting,
  maxInFlight: setting({
    wire: 'max_in_flight',
    schema: count({ min: 1, max: 100 }, 'Maximum number of concurrent requests.'),
    default: 10,
    read: same<number>,
    shown: { type: 'integer' },
    stored: positive,
    hints: ['max_concurrency'],
  }),
  tls: tlsSetting,
} as const;

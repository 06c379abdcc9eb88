import { defaultRetryScheduleSeconds } from '@tidings/contracts';
import { eventFaults } from './event-patterns.ts';
import type { Fault } from './fault.ts';
import { headerFaults } from './header-rules.ts';
import { limits } from './limits.ts';
import type { SettingsBody } from './request-body.ts';
import { scheduleFaults, scheduleSeconds } from './retry-schedule.ts';
import type { Settings } from './subscription.ts';

/** What a field that is left out means in a new subscription. */
export const defaultSettings: Omit<Settings, 'endpointUrl' | 'events'> = {
  description: null,
  filters: null,
  ordering: 'none',
  onExhausted: 'skip',
  format: 'standard',
  signatureStyle: 'v1',
  headers: {},
  secretHeaders: [],
  verify: 'none',
  requestOrigin: null,
  timeoutMs: limits.timeoutSeconds.default * 1_000,
  retryScheduleSeconds: defaultRetryScheduleSeconds,
  rateLimit: null,
  maxInFlight: limits.maxInFlight.default,
  tls: null,
};

function rateLimitOf(given: NonNullable<SettingsBody['rate_limit']>): NonNullable<Settings['rateLimit']> {
  // A bucket that holds less than one request would never let one through.
  const burst = given.burst ?? Math.max(1, Math.ceil(given.per_second));
  return { perSecond: given.per_second, burst };
}

// A name in another alphabet can look like one that it is not: it is kept as DNS knows it (UTS 46), the rest as given.
const asciiNamed = (url: string): string => {
  if (/^\p{ASCII}*$/u.test(url)) return url;
  try {
    return url.replace(/^(https?:\/\/)[^/?#]*/i, `$1${new URL(url).host}`);
  } catch {
    // It is no URL, which the checks say.
    return url;
  }
};

/**
 * The settings of `base` with every field that the body names put in its place, but for what needs more than the body:
 * sealed headers and the endpoint's consent. The body has passed its schema.
 */
export function readSettings(body: SettingsBody, base: Settings): Settings {
  return {
    endpointUrl: body.endpoint_url === undefined ? base.endpointUrl : asciiNamed(body.endpoint_url),
    description: body.description === undefined ? base.description : body.description,
    events: body.events ?? base.events,
    filters: body.filters === undefined ? base.filters : body.filters,
    ordering: body.ordering ?? base.ordering,
    onExhausted: body.on_exhausted ?? base.onExhausted,
    format: body.format ?? base.format,
    signatureStyle: body.signature_style ?? base.signatureStyle,
    headers: body.headers ?? base.headers,
    secretHeaders: base.secretHeaders,
    verify: body.verify ?? base.verify,
    requestOrigin: base.requestOrigin,
    timeoutMs: body.timeout_seconds === undefined ? base.timeoutMs : body.timeout_seconds * 1_000,
    retryScheduleSeconds:
      body.retry_schedule === undefined ? base.retryScheduleSeconds : scheduleSeconds(body.retry_schedule),
    rateLimit: readRateLimit(body, base),
    maxInFlight: body.max_in_flight ?? base.maxInFlight,
    // What is new must be sealed first; null is for the public authorities alone.
    tls: body.tls === null ? null : base.tls,
  };
}

function readRateLimit({ rate_limit: given }: SettingsBody, base: Settings): Settings['rateLimit'] {
  if (given === undefined) return base.rateLimit;
  return given === null ? null : rateLimitOf(given);
}

/** What is wrong with the named fields beyond their schema: names, headers, sums. */
export const settingsFaults = (body: SettingsBody): readonly Fault[] => [
  ...eventFaults(body.events ?? []),
  ...headerFaults('headers', body.headers ?? {}),
  ...headerFaults('secret_headers', body.secret_headers ?? {}),
  ...(body.retry_schedule === undefined ? [] : scheduleFaults(body.retry_schedule)),
];

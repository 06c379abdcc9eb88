import { defaultRetryScheduleSeconds } from '@tidings/contracts';
import { eventFaults } from './event-patterns.ts';
import type { Fault } from './fault.ts';
import { headerFaults } from './header-rules.ts';
import { limits } from './limits.ts';
import type { SettingsBody } from './request-body.ts';
import { scheduleFaults, scheduleSeconds } from './retry-schedule.ts';
import type { Settings } from './subscription.ts';

/** Defaults of omitted fields in a new subscription. */
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
  // A bucket that holds less than one request would never allow a request.
  const burst = given.burst ?? Math.max(1, Math.ceil(given.per_second));
  return { perSecond: given.per_second, burst };
}

// A name in another alphabet can look like a different name: it is stored in its ASCII form (UTS 46). The rest of the
// URL is unchanged.
const asciiNamed = (url: string): string => {
  if (/^\p{ASCII}*$/u.test(url)) return url;
  try {
    return url.replace(/^(https?:\/\/)[^/?#]*/i, `$1${new URL(url).host}`);
  } catch {
    // Not a URL; validation reports it.
    return url;
  }
};

/**
 * Returns the settings of `base` with every field that the body names replaced, except those that require more than the
 * body: sealed headers and the endpoint's consent. The body has passed its schema.
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
    // New TLS material must be sealed first; null restores the public authorities without a client certificate.
    tls: body.tls === null ? null : base.tls,
  };
}

function readRateLimit({ rate_limit: given }: SettingsBody, base: Settings): Settings['rateLimit'] {
  if (given === undefined) return base.rateLimit;
  return given === null ? null : rateLimitOf(given);
}

/** Returns the faults of the named fields that a schema cannot express: names, headers, sums. */
export const settingsFaults = (body: SettingsBody): readonly Fault[] => [
  ...eventFaults(body.events ?? []),
  ...headerFaults('headers', body.headers ?? {}),
  ...headerFaults('secret_headers', body.secret_headers ?? {}),
  ...(body.retry_schedule === undefined ? [] : scheduleFaults(body.retry_schedule)),
];

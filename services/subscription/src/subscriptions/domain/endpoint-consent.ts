import { type HeaderFields, headerText } from '@tidings/contracts';
import type { Settings } from './settings.ts';

// CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", section 4: an OPTIONS request obtains the endpoint's consent.

const perMinute = 60;

/** The consent requested of an endpoint: for this origin, at this many requests per minute (null: not stated). */
export type ConsentQuestion = Readonly<{ origin: string; ratePerMinute: number | null }>;

/** Returns the request for consent that follows from the settings, with their rate if they have one. */
export const consentQuestion = ({ rateLimit }: Settings, origin: string): ConsentQuestion => ({
  origin,
  ratePerMinute: rateLimit === null ? null : Math.max(1, Math.floor(rateLimit.perSecond * perMinute)),
});

/** Returns the headers of the request for consent. */
export const questionHeaders = ({ origin, ratePerMinute }: ConsentQuestion): Record<string, string> => ({
  'webhook-request-origin': origin,
  ...(ratePerMinute === null ? {} : { 'webhook-request-rate': String(ratePerMinute) }),
});

/** The endpoint's response: a rate to observe (null: none), or the reason why it is not a consent. */
export type Consent =
  | Readonly<{ isGiven: true; allowedPerMinute: number | null }>
  | Readonly<{ isGiven: false; detail: string }>;

const refused = (detail: string): Consent => ({ isGiven: false, detail });

/** Reads the headers of a response, with names in lower case. A status alone is never a consent (section 4.2). */
export function readConsent(headers: HeaderFields, { origin, ratePerMinute }: ConsentQuestion): Consent {
  const allowedOrigin = headerText(headers, 'webhook-allowed-origin')?.trim();
  if (allowedOrigin === undefined) return refused('without WebHook-Allowed-Origin');
  if (allowedOrigin !== '*' && allowedOrigin.toLowerCase() !== origin.toLowerCase()) {
    return refused('with a WebHook-Allowed-Origin for another origin');
  }
  const allowedRate = headerText(headers, 'webhook-allowed-rate')?.trim();
  if (allowedRate === undefined) {
    return ratePerMinute === null
      ? { isGiven: true, allowedPerMinute: null }
      : refused('without WebHook-Allowed-Rate, although the request had a rate');
  }
  if (allowedRate === '*') return { isGiven: true, allowedPerMinute: null };
  if (/^[1-9]\d{0,8}$/.test(allowedRate)) return { isGiven: true, allowedPerMinute: Number(allowedRate) };
  return refused('with a WebHook-Allowed-Rate that is neither a positive whole number nor *');
}

/**
 * Returns the settings under a consent: the origin it covers, and the endpoint's rate where the configured rate is
 * higher.
 */
export function underConsent(
  settings: Settings,
  origin: string,
  { allowedPerMinute }: Extract<Consent, { isGiven: true }>,
): Settings {
  const consented = { ...settings, requestOrigin: origin };
  if (allowedPerMinute === null) return consented;
  const perSecond = allowedPerMinute / perMinute;
  if (settings.rateLimit !== null && settings.rateLimit.perSecond <= perSecond) return consented;
  const burst = Math.max(1, Math.ceil(perSecond));
  return { ...consented, rateLimit: { perSecond, burst } };
}

/** Returns true when the endpoint has to be verified: this check was not made yet, or not for this URL. */
export function needsVerification(before: Settings | null, after: Settings): boolean {
  if (after.verify === 'none') return false;
  if (before === null || before.verify !== after.verify || before.endpointUrl !== after.endpointUrl)
    return true;
  return after.verify === 'challenge' && JSON.stringify(before.rateLimit) !== JSON.stringify(after.rateLimit);
}

import type { Settings } from './subscription.ts';

// CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", section 4: the endpoint is asked for its consent by OPTIONS.

const perMinute = 60;

/** What an endpoint is asked: may this origin send, at this many requests a minute (null: not said). */
export type ConsentQuestion = Readonly<{ origin: string; ratePerMinute: number | null }>;

/** The question that follows from the settings: their rate, if they have one. */
export const consentQuestion = ({ rateLimit }: Settings, origin: string): ConsentQuestion => ({
  origin,
  ratePerMinute: rateLimit === null ? null : Math.max(1, Math.floor(rateLimit.perSecond * perMinute)),
});

/** The headers of the question. */
export const questionHeaders = ({ origin, ratePerMinute }: ConsentQuestion): Record<string, string> => ({
  'webhook-request-origin': origin,
  ...(ratePerMinute === null ? {} : { 'webhook-request-rate': String(ratePerMinute) }),
});

/** The answer: a rate that must be kept (null: none), or what is missing for a consent. */
export type Consent =
  | Readonly<{ isGiven: true; allowedPerMinute: number | null }>
  | Readonly<{ isGiven: false; detail: string }>;

const refused = (detail: string): Consent => ({ isGiven: false, detail });

/** Reads the headers of an answer, whose names are in lower case. A status alone is never a consent (section 4.2). */
export function readConsent(
  headers: Readonly<Record<string, string>>,
  { origin, ratePerMinute }: ConsentQuestion,
): Consent {
  const allowedOrigin = headers['webhook-allowed-origin']?.trim();
  if (allowedOrigin === undefined) return refused('without WebHook-Allowed-Origin');
  if (allowedOrigin !== '*' && allowedOrigin.toLowerCase() !== origin.toLowerCase()) {
    return refused('with a WebHook-Allowed-Origin for somebody else');
  }
  const allowedRate = headers['webhook-allowed-rate']?.trim();
  if (allowedRate === undefined) {
    return ratePerMinute === null
      ? { isGiven: true, allowedPerMinute: null }
      : refused('without WebHook-Allowed-Rate, although a rate was asked for');
  }
  if (allowedRate === '*') return { isGiven: true, allowedPerMinute: null };
  if (/^[1-9]\d{0,8}$/.test(allowedRate)) return { isGiven: true, allowedPerMinute: Number(allowedRate) };
  return refused('with a WebHook-Allowed-Rate that is neither a positive whole number nor *');
}

/** The settings under a consent: the endpoint's rate where theirs is higher, and the origin it consented to. */
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

/** True when the endpoint must be asked (again): nobody has asked it this, at this place. */
export function needsVerification(before: Settings | null, after: Settings): boolean {
  if (after.verify === 'none') return false;
  if (before === null || before.verify !== after.verify || before.endpointUrl !== after.endpointUrl)
    return true;
  return after.verify === 'challenge' && JSON.stringify(before.rateLimit) !== JSON.stringify(after.rateLimit);
}

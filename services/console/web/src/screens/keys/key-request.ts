import type { Schemas } from '../../api/client.ts';
import type { Faults } from '../../parts/form/faults.ts';
import { payloadBytesOf, payloadFault } from '../../parts/form/payload-limit.ts';
import { texts } from './texts.ts';

/** A scope of a key. */
export type Scope = Schemas['NewApiKey']['scopes'][number];

/** When a key ends: never, in some days, or on a day of one's choice. */
export const expiries = ['never', '30', '90', '365', 'on'] as const;

/** The values of the form of a new key, by the names of the API where it has them. */
export type KeyForm = Readonly<{
  name: string;
  scopes: readonly Scope[];
  consumer_id: string;
  expires_at: (typeof expiries)[number];
  expires_on: string;
  requests_per_second: string;
  max_payload_bytes: string;
  spool: boolean;
}>;

const consumerScopes = [
  'subscriptions:read',
  'subscriptions:write',
  'deliveries:read',
  'deliveries:write',
] as const satisfies readonly Scope[];

const dayMs = 86_400_000;

/** Returns the scopes that a new key can have: those that the own key has, and of a consumer four at most. */
export function grantableScopes(
  held: readonly string[],
  consumerId: string,
): Readonly<Partial<Record<Scope, string>>> {
  const may = (scope: Scope) => held.includes(scope) || (scope !== 'platform' && held.includes('admin'));
  const ofConsumer: readonly Scope[] = consumerScopes;
  const wanted = (scope: Scope) => consumerId.trim() === '' || ofConsumer.includes(scope);
  return Object.fromEntries(
    Object.entries(texts.scopeHints).filter(([scope]) => may(scope as Scope) && wanted(scope as Scope)),
  );
}

/** Returns true if the key may publish, so that its events may be kept on disk. */
export const maySpool = ({ scopes, consumer_id }: Pick<KeyForm, 'scopes' | 'consumer_id'>): boolean =>
  consumer_id.trim() === '' && scopes.some((scope) => scope === 'events:write' || scope === 'admin');

/** Returns what is wrong with the form before anything is sent. */
export function keyFaults(form: KeyForm, nowMs: number): Faults {
  const t = texts.form;
  const faults = new Map<string, string>();
  if (requestOf(form, nowMs).scopes.length === 0) faults.set('scopes', t.scopesMissing);
  if (form.expires_at === 'on' && !(endOfDayMs(form.expires_on) > nowMs))
    faults.set('expires_on', t.expiresOnMissing);
  const rate = form.requests_per_second.trim();
  if (rate !== '' && !(Number(rate) >= 1 && Number(rate) <= 100_000))
    faults.set('requests_per_second', t.rateWrong(rate));
  const limit = payloadFault(form.max_payload_bytes);
  if (limit !== null) faults.set('max_payload_bytes', limit);
  return faults;
}

/** Returns the request that creates the key. Scopes that a consumer cannot have are left out of its key. */
export function requestOf(form: KeyForm, nowMs: number): Schemas['NewApiKey'] {
  const { name, consumer_id, expires_at, expires_on, requests_per_second: rate, spool } = form;
  const limit = payloadBytesOf(form.max_payload_bytes);
  const consumer = consumer_id.trim();
  const ofConsumer: readonly Scope[] = consumerScopes;
  const endMs =
    expires_at === 'never'
      ? null
      : expires_at === 'on'
        ? endOfDayMs(expires_on)
        : nowMs + Number(expires_at) * dayMs;
  return {
    scopes: form.scopes.filter((scope) => consumer === '' || ofConsumer.includes(scope)),
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(consumer === '' ? {} : { consumer_id: consumer }),
    ...(endMs === null || Number.isNaN(endMs) ? {} : { expires_at: new Date(endMs).toISOString() }),
    ...(rate.trim() === '' ? {} : { requests_per_second: Number(rate) }),
    ...(spool && maySpool(form) ? { spool } : {}),
    ...(limit !== null && maySpool(form) ? { max_payload_bytes: limit } : {}),
  };
}

/** The end of a day where the browser is; NaN if the text is no day. */
const endOfDayMs = (day: string): number => new Date(`${day}T23:59:59`).getTime();

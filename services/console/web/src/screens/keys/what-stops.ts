import type { Schemas } from '../../api/client.ts';
import { texts } from './texts.ts';

type Key = Schemas['ApiKey'];

/** The end of what a key did: what it may no longer do, and sentences about what goes with it. */
export type Stops = Readonly<{ abilities: readonly string[]; notes: readonly string[] }>;

/**
 * Returns what stops working when a key is revoked. `usedText`: when it was last used, in words; `ownKeyId`: the key of
 * the session.
 */
export function whatStops(key: Key, usedText: string | null, ownKeyId: string): Stops {
  const t = texts.stops;
  const isAdmin = key.scopes.includes('admin');
  // `admin` includes all scopes but `platform`.
  const named = isAdmin
    ? key.scopes.filter((scope) => scope === 'admin' || scope === 'platform')
    : key.scopes;
  return {
    abilities: named.map((scope) => texts.scopeHints[scope]),
    notes: [
      usedText === null ? t.unused : t.used(usedText),
      ...(isAdmin ? [t.tokens, t.others] : []),
      ...(key.id === ownKeyId ? [t.own] : []),
      t.forever,
    ],
  };
}

import type { Entry } from '../app/entry.ts';

type Signed = Readonly<{ csrf: string }> | Readonly<{ token: string }>;

let entry: Entry = 'operator';
let signed: Signed | null = null;
let lastActedMs = Date.now();

// A session lives on while a person uses the page, not while the page refreshes itself.
const backgroundMs = 60_000;

for (const name of ['pointerdown', 'keydown']) {
  addEventListener(name, () => (lastActedMs = Date.now()), { capture: true, passive: true });
}

/** Says which of the two applications the requests are from. */
export function requestsOf(application: Entry): void {
  entry = application;
}

/** Returns which of the two applications this is. */
export const applicationOf = (): Entry => entry;

/**
 * Sets what requests are signed with: the CSRF token of the cookie's session, or a token that the page holds in memory
 * (in a frame of another site, where browsers send no cookie). Null after signing out.
 */
export function signRequests(by: Signed | null): void {
  signed = by;
}

/** Returns what requests are signed with now: the same object until that changes. */
export const signature = (): Signed | null => signed;

/** Returns the headers of a request to the console or, through it, to the API. */
export function requestHeaders(by = signed): Record<string, string> {
  return {
    'x-tidings-entry': entry,
    ...(Date.now() - lastActedMs > backgroundMs ? { 'x-tidings-background': '1' } : {}),
    ...(by !== null && 'csrf' in by ? { 'x-tidings-csrf': by.csrf } : {}),
    ...(by !== null && 'token' in by ? { authorization: `Bearer ${by.token}` } : {}),
  };
}

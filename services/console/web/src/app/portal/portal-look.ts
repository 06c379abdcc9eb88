import { useSyncExternalStore } from 'react';
import { api, dataOf, fetchWith } from '../../api/client.ts';
import { type Look, plainLook, readLook } from './look.ts';

const storedAs = 'tidings-portal-look';
const listeners = new Set<() => void>();

let look = plainLook;

/** Applies the appearance that this browser was shown last, so that the page does not change its colours while it loads. */
export function applyStoredLook(): void {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? 'null');
    if (stored !== null) apply(readLook(stored));
  } catch {
    // The browser stores nothing for this page, as in a frame of another site, or something else is stored there.
  }
}

/** Asks for the appearance that belongs to a token, or to the session. Rejects with ApiProblem. */
export async function fetchLook(token?: string): Promise<unknown> {
  return dataOf(api.GET('/v1/webhooks/portal', token === undefined ? {} : { fetch: fetchWith(token) }));
}

/** Applies what {@link fetchLook} has returned, and remembers it: nothing in it is secret. */
export function adoptLook(answer: unknown): void {
  apply(readLook(answer));
  try {
    localStorage.setItem(storedAs, JSON.stringify(answer));
  } catch {
    // It is asked for again next time.
  }
}

function apply(next: Look): void {
  look = next;
  // One property after the other: no style text is made of them, which the policy would forbid anyway.
  for (const [property, colour] of Object.entries(next.colours)) {
    document.documentElement.style.setProperty(property, colour);
  }
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Returns the appearance; that of Tidings outside of the portal. */
export const useLook = (): Look => useSyncExternalStore(subscribe, () => look);

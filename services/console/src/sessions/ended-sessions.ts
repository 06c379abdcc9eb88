import { hash } from 'node:crypto';
import { BoundedMap } from '@tidings/runtime';
import type { Session } from './domain/session.ts';

const maxEntries = 10_000;

/** Sessions that were signed out before their time. A sealed cookie cannot be taken back, so its end is remembered. */
export class EndedSessions {
  readonly #ids = new BoundedMap<string, true>(maxEntries);
  readonly #credentials = new BoundedMap<string, number>(maxEntries);

  /** Ends one session. */
  end({ id }: Session): void {
    this.#ids.set(id, true);
  }

  /** Ends all sessions of the same key or token that have begun until now. */
  endAll({ credential }: Session, nowMs: number): void {
    this.#credentials.set(hashOf(credential), nowMs);
  }

  has({ id, credential, startedAtMs }: Session): boolean {
    return this.#ids.get(id) === true || startedAtMs <= (this.#credentials.get(hashOf(credential)) ?? -1);
  }
}

const hashOf = (credential: string): string => hash('sha256', credential, 'base64url');

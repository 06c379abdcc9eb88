import { randomBytes } from 'node:crypto';
import { BoundedMap, type Clock } from '@tidings/runtime';

const lifeMs = 15 * 60_000;
const maxWaiting = 100;

/** A one-time code, and its end in epoch milliseconds. */
export type SignInCode = Readonly<{ code: string; expiresAtMs: number }>;

/** One-time codes that stand for a key, so that a link can sign somebody in without containing the key. */
export class SignInCodes {
  readonly #waiting = new BoundedMap<string, Readonly<{ key: string; expiresAtMs: number }>>(maxWaiting);
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(key: string): SignInCode {
    const code = randomBytes(24).toString('base64url');
    const expiresAtMs = this.#clock.nowMs() + lifeMs;
    this.#waiting.set(code, { key, expiresAtMs });
    return { code, expiresAtMs };
  }

  /** Returns the key of a code, which can be used as before; null if there is none, or its time is over. */
  look(code: string): string | null {
    const found = this.#waiting.get(code);
    return found === undefined || found.expiresAtMs < this.#clock.nowMs() ? null : found.key;
  }

  /** Returns the key of a code, once; null if there is none, or its time is over. */
  take(code: string): string | null {
    const key = this.look(code);
    this.#waiting.delete(code);
    return key;
  }
}

import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const attemptsAMinute = 20;
const windowSeconds = 60;
// Size of one generation. The cache is certain to hold this many recent uses, and up to as many older ones.
const usesAHalf = 5_000;

/**
 * Counts wrong keys by address. An address over the limit no longer learns if a key is correct, except for keys that
 * were used from it before: guessing must not lock out others who share the address.
 */
export class FailedAttempts {
  readonly #limiter = new RateLimiterMemory({ points: attemptsAMinute, duration: windowSeconds });
  /**
   * Two generations of `<address> <key id>` of accepted keys. The younger one becomes the older one when it is full, so
   * nothing changes while the same few keys are used (adr/0012).
   */
  #younger = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  /** Returns the milliseconds until this address may try again, or null if it may now. */
  async waitMs(address: string): Promise<number | null> {
    const used = await this.#limiter.get(address);
    return used === null || used.consumedPoints < attemptsAMinute ? null : retryMs(used);
  }

  /** Counts a wrong key. */
  async add(address: string): Promise<void> {
    await this.#limiter.penalty(address);
  }

  /** Records that a correct key was used from this address. */
  remember(address: string, keyId: string): void {
    const use = `${address} ${keyId}`;
    if (this.#younger.has(use)) return;
    if (this.#younger.size >= usesAHalf) {
      this.#older = this.#younger;
      this.#younger = new Set();
    }
    this.#younger.add(use);
  }

  isKnown(address: string, keyId: string): boolean {
    const use = `${address} ${keyId}`;
    return this.#younger.has(use) || this.#older.has(use);
  }
}

const retryMs = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1_000, msBeforeNext);

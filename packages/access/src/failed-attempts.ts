import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const attemptsAMinute = 20;
const windowSeconds = 60;
// So many uses are known for certain; of those before them, as many again until the half is full.
const usesAHalf = 5_000;

/**
 * Counts the wrong keys of each address. An address over the limit is not told any more whether a key is right, except
 * for keys that were used from there before: whoever guesses must not lock out those who share the address.
 */
export class FailedAttempts {
  readonly #limiter = new RateLimiterMemory({ points: attemptsAMinute, duration: windowSeconds });
  /**
   * `<address> <key id>` of right keys: those used lately, and those used before there were so many of them. The younger
   * half becomes the older one when it is full, so that nothing changes while the same few are used (adr/0012).
   */
  #younger = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  /** Milliseconds until this address may try again; null when it may. */
  async waitMs(address: string): Promise<number | null> {
    const used = await this.#limiter.get(address);
    return used === null || used.consumedPoints < attemptsAMinute ? null : retryMs(used);
  }

  /** Counts a wrong key. */
  async add(address: string): Promise<void> {
    await this.#limiter.penalty(address);
  }

  /** A right key was used from here. */
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

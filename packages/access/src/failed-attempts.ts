import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

const attemptsAMinute = 20;
const windowSeconds = 60;
const rememberedUses = 10_000;

/**
 * Counts the wrong keys of each address. An address over the limit is not told any more whether a key is right, except
 * for keys that were used from there before: whoever guesses must not lock out those who share the address.
 */
export class FailedAttempts {
  readonly #limiter = new RateLimiterMemory({ points: attemptsAMinute, duration: windowSeconds });
  /** `<address> <key id>` of right keys, the longest unused first. */
  readonly #known = new Map<string, true>();

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
    this.#known.delete(use);
    this.#known.set(use, true);
    if (this.#known.size <= rememberedUses) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  isKnown(address: string, keyId: string): boolean {
    return this.#known.has(`${address} ${keyId}`);
  }
}

const retryMs = ({ msBeforeNext }: RateLimiterRes): number => Math.max(1_000, msBeforeNext);

import { BoundedMap, type Clock } from '@tidings/runtime';
import { networkOf } from './network-of.ts';

const windowMs = 60_000;
// Networks with wrong keys in the last minute. Beyond that the one that began the longest ago is forgotten.
const maxNetworks = 10_000;
// Size of one generation. The cache is certain to hold this many recent uses, and up to as many older ones.
const usesAHalf = 5_000;

/** Wrong keys of a network, by their hashes, and the end of their minute in milliseconds of the monotonic clock. */
type Guesses = Readonly<{ hashes: string[]; endsMs: number }>;

/** The result of {@link FailedAttempts.add}: `repeated` is a key that was refused in this minute already. */
export type Guess = 'repeated' | 'counted' | 'last';

/**
 * Counts different wrong keys by the network of the client (networkOf). A network over the limit no longer learns if a key is
 * correct, except for keys that were used from it before: guessing must not lock out others who share the network. A
 * client that goes on with one expired key guesses nothing, and counts once a minute.
 */
export class FailedAttempts {
  readonly #clock: Clock;
  /** Different wrong keys that are checked for a network in a minute. */
  readonly perMinute: number;
  readonly #guesses = new BoundedMap<string, Guesses>(maxNetworks);
  /**
   * Two generations of `<network> <key id>` of accepted keys. The younger one becomes the older one when it is full, so
   * nothing changes while the same few keys are used (adr/0012).
   */
  #younger = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  constructor({ clock, perMinute }: Readonly<{ clock: Clock; perMinute: number }>) {
    this.#clock = clock;
    this.perMinute = perMinute;
  }

  /** Returns the milliseconds until this address may try again, at least 1,000, or null if it may now. */
  waitMs(address: string): number | null {
    const guesses = this.#current(networkOf(address));
    if (guesses === undefined || guesses.hashes.length < this.perMinute) return null;
    return Math.max(1_000, guesses.endsMs - this.#clock.monotonicMs());
  }

  /** Counts a wrong key, by its hash. Returns `last` for the one with which the limit is reached. */
  add(address: string, hash: string): Guess {
    const network = networkOf(address);
    let guesses = this.#current(network);
    if (guesses === undefined) {
      guesses = { hashes: [], endsMs: this.#clock.monotonicMs() + windowMs };
      this.#guesses.set(network, guesses);
    }
    if (guesses.hashes.includes(hash)) return 'repeated';
    guesses.hashes.push(hash);
    return guesses.hashes.length === this.perMinute ? 'last' : 'counted';
  }

  #current(network: string): Guesses | undefined {
    const guesses = this.#guesses.get(network);
    return guesses !== undefined && guesses.endsMs > this.#clock.monotonicMs() ? guesses : undefined;
  }

  /** Records that a correct key was used from this address. */
  remember(address: string, keyId: string): void {
    const use = `${networkOf(address)} ${keyId}`;
    if (this.#younger.has(use)) return;
    if (this.#younger.size >= usesAHalf) {
      this.#older = this.#younger;
      this.#younger = new Set();
    }
    this.#younger.add(use);
  }

  isKnown(address: string, keyId: string): boolean {
    const use = `${networkOf(address)} ${keyId}`;
    return this.#younger.has(use) || this.#older.has(use);
  }
}

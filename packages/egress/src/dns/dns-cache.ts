import { BoundedMap, type Clock, messageOf } from '@tidings/runtime';
import { canonicalAddress } from '../policy/networks.ts';
import type { Resolver } from './resolver.ts';

/** The result of a name lookup: addresses in canonical form, or the failure. */
export type LookupResult = Readonly<
  { expiresAtMs: number } & ({ ok: true; addresses: readonly string[] } | { ok: false; detail: string })
>;

/** Limits of an {@link DnsCache}. */
export type DnsCacheOptions = Readonly<{
  resolver: Resolver;
  clock: Clock;
  /** Maximum number of cached names; the one looked up longest ago is evicted first. */
  maxEntries: number;
  /** Maximum lifetime of an answer, regardless of its TTL. */
  maxAgeMs: number;
}>;

// Also applies to a TTL of 0 and to failures: a name is queried at most once a second, whatever a partner's DNS
// returns.
const minAgeMs = 1_000;

/**
 * A bounded DNS cache. One lookup at a time per name; an answer lives for its TTL, clamped to between 1 s and
 * `maxAgeMs`. It does not check the addresses.
 */
export class DnsCache {
  readonly #options: DnsCacheOptions;
  readonly #entries: BoundedMap<string, LookupResult>;
  readonly #lookups = new Map<string, Promise<LookupResult>>();

  constructor(options: DnsCacheOptions) {
    this.#options = options;
    this.#entries = new BoundedMap(options.maxEntries);
  }

  /** Returns the cached answer if it has not expired. */
  peek(hostname: string): LookupResult | undefined {
    const entry = this.#entries.get(hostname);
    if (entry === undefined || entry.expiresAtMs <= this.#options.clock.monotonicMs()) return undefined;
    return entry;
  }

  /** Returns the cached answer, or the result of one new lookup. Never rejects. */
  async find(hostname: string): Promise<LookupResult> {
    const known = this.peek(hostname);
    if (known !== undefined) return known;
    const running = this.#lookups.get(hostname);
    if (running !== undefined) return running;
    const lookup = this.#lookUp(hostname);
    this.#lookups.set(hostname, lookup);
    try {
      return await lookup;
    } finally {
      this.#lookups.delete(hostname);
    }
  }

  async #lookUp(hostname: string): Promise<LookupResult> {
    const { resolver, clock, maxAgeMs } = this.#options;
    let entry: LookupResult;
    try {
      const { addresses, ttlMs } = await resolver.resolve(hostname);
      if (addresses.length === 0) throw new Error(`no address for '${hostname}'`);
      const ageMs = Math.min(Math.max(ttlMs, minAgeMs), maxAgeMs);
      entry = {
        ok: true,
        addresses: addresses.map(canonicalAddress),
        expiresAtMs: clock.monotonicMs() + ageMs,
      };
    } catch (error) {
      entry = { ok: false, detail: messageOf(error), expiresAtMs: clock.monotonicMs() + minAgeMs };
    }
    this.#entries.set(hostname, entry);
    return entry;
  }
}

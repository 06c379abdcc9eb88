import { checkFunction, checkNames, checkWhole, type Names } from '../check-arguments.ts';

/** The result of a claim: handle it, somebody does so at this moment, or it was handled before. */
export type ClaimResult = 'claimed' | 'in-progress' | 'handled';

/**
 * A store of the deliveries that were handled, for several processes of a receiver. A middleware claims the id of a
 * delivery before your handler runs; after a 2xx it completes the claim, after anything else it releases it. `claim` is
 * atomic: of several claims of an id at once, one is `claimed`. A claim that is neither completed nor released (a
 * killed process) ends by itself after `leaseSeconds`, a completed one after `ttlSeconds`. `claimId` is random; a release
 * with another one has no effect.
 */
export type DedupeStore = Readonly<{
  claim: (id: string, claimId: string) => ClaimResult | Promise<ClaimResult>;
  complete: (id: string, claimId: string) => void | Promise<void>;
  release: (id: string, claimId: string) => void | Promise<void>;
}>;

/**
 * Times of a store. `ttlSeconds`: for how long a handled id is remembered, at least the span of the retries of the
 * subscription (default 604,800: 7 days). `leaseSeconds`: for how long a claim of a killed process stops others, longer
 * than your handler takes (default 60).
 */
export type DedupeTimes = Readonly<{ ttlSeconds?: number; leaseSeconds?: number }>;

/** Options of {@link memoryDedupe}. `maxIds`: beyond it the oldest are forgotten (default 100,000). */
export type MemoryDedupeOptions = DedupeTimes & Readonly<{ maxIds?: number; now?: () => number }>;

const timeNames = {
  known: ['ttlSeconds', 'leaseSeconds'],
  mistakenFor: {
    ttl: 'ttlSeconds',
    expiresIn: 'ttlSeconds',
    lease: 'leaseSeconds',
    lockSeconds: 'leaseSeconds',
  },
} as const satisfies Names;
const memoryNames: Names = { ...timeNames, known: [...timeNames.known, 'maxIds', 'now'] };

const day = 86_400;
const maxSeconds = 10 * 365 * day;

/** Returns the times of a store with their defaults, in milliseconds. Throws TypeError for an invalid one. */
export function readTimes(
  times: DedupeTimes,
  names: Names = timeNames,
): Readonly<{ ttlMs: number; leaseMs: number }> {
  checkNames('the options of the dedupe store', times, names);
  const { ttlSeconds = 7 * day, leaseSeconds = 60 } = times;
  checkWhole('ttlSeconds', ttlSeconds, [1, maxSeconds]);
  checkWhole('leaseSeconds', leaseSeconds, [1, maxSeconds]);
  return { ttlMs: ttlSeconds * 1000, leaseMs: leaseSeconds * 1000 };
}

/** Throws TypeError unless the value has the functions of a store. */
export function checkDedupe(store: DedupeStore): void {
  const names = { known: ['claim', 'complete', 'release'], mistakenFor: { has: 'claim', add: 'complete' } };
  checkNames('dedupe', store, names);
  checkFunction('dedupe.claim', store.claim);
  checkFunction('dedupe.complete', store.complete);
  checkFunction('dedupe.release', store.release);
}

type Entry = Readonly<{ claimId: string; isHandled: boolean; expiresAtMs: number }>;

/**
 * Creates a {@link DedupeStore} in this process's memory, for development, tests and a single process that tolerates a
 * repeat after a restart. Throws TypeError for invalid options.
 */
export function memoryDedupe(options: MemoryDedupeOptions = {}): DedupeStore {
  const { ttlMs, leaseMs } = readTimes(options, memoryNames);
  const { maxIds = 100_000, now = Date.now } = options;
  checkWhole('maxIds', maxIds, [1, Number.MAX_SAFE_INTEGER]);
  checkFunction('now', now);
  const entries = new Map<string, Entry>();
  const write = (id: string, entry: Entry): void => {
    // Written last, so that the first is the oldest.
    entries.delete(id);
    entries.set(id, entry);
    const [oldest] = entries.keys();
    if (entries.size > maxIds && oldest !== undefined) entries.delete(oldest);
  };
  return {
    claim: (id, claimId) => {
      const known = entries.get(id);
      if (known !== undefined && known.expiresAtMs > now())
        return known.isHandled ? 'handled' : 'in-progress';
      write(id, { claimId, isHandled: false, expiresAtMs: now() + leaseMs });
      return 'claimed';
    },
    complete: (id, claimId) => write(id, { claimId, isHandled: true, expiresAtMs: now() + ttlMs }),
    release: (id, claimId) => {
      const known = entries.get(id);
      if (known?.claimId === claimId && !known.isHandled) entries.delete(id);
    },
  };
}

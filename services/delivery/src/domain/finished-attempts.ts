import type { AttemptRecorded, DeliveryState } from '@tidings/contracts';

/**
 * The name of a chain as three words, computed once per command: parsing the hex digits costs more than the look-up.
 */
export type ChainKey = readonly [number, number, number];

/** Progress of a chain that is over. Otherwise progress is the number of its last finished attempt. */
const terminal = 0xffff_ffff;
const lastAttempt = terminal - 1;

const initialSlots = 1_024;
const maxLoad = 0.6;
const wordsPerKey = 3;

/**
 * A table of chains and their progress in flat arrays: 16 bytes per slot instead of some 150 in a Map. At
 * 2,000 deliveries per second for ten minutes this is tens instead of hundreds of megabytes. Keys are the
 * first 96 bits of the delivery id (itself a hash) mixed with the chain; open addressing, linear probing.
 */
class Generation {
  readonly createdMs: number;
  size = 0;
  #keys = new Uint32Array(initialSlots * wordsPerKey);
  #progress = new Uint32Array(initialSlots);

  constructor(createdMs: number) {
    this.createdMs = createdMs;
  }

  find(key: ChainKey): number {
    return this.#progress[this.#slotOf(key)] ?? 0;
  }

  raise(key: ChainKey, attemptMark: number): void {
    const slot = this.#slotOf(key);
    const known = this.#progress[slot] ?? 0;
    if (known === 0) {
      this.#keys.set(key, slot * wordsPerKey);
      this.size += 1;
    }
    if (attemptMark > known) this.#progress[slot] = attemptMark;
    if (this.size > this.#progress.length * maxLoad) this.#grow();
  }

  /** Returns the slot of the key, or the free slot for it. A progress of 0 marks a free slot. */
  #slotOf([a, b, c]: ChainKey): number {
    const mask = this.#progress.length - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      if (this.#progress[slot] === 0) return slot;
      const at = slot * wordsPerKey;
      if (this.#keys[at] === a && this.#keys[at + 1] === b && this.#keys[at + 2] === c) return slot;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const progress = this.#progress;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#progress = new Uint32Array(progress.length * 2);
    progress.forEach((attemptMark, from) => {
      if (attemptMark === 0) return;
      const at = from * wordsPerKey;
      const key = [keys[at] ?? 0, keys[at + 1] ?? 0, keys[at + 2] ?? 0] as const;
      const slot = this.#slotOf(key);
      this.#keys.set(key, slot * wordsPerKey);
      this.#progress[slot] = attemptMark;
    });
  }
}

const wordAt = (id: string, word: number): number =>
  Number.parseInt(id.slice(id.length - 32 + word * 8, id.length - 24 + word * 8), 16) >>> 0;

export const chainKeyOf = ({ deliveryId, chain }: Pick<DeliveryState, 'deliveryId' | 'chain'>): ChainKey => [
  wordAt(deliveryId, 0),
  wordAt(deliveryId, 1),
  // An odd factor: two chains of one delivery never share a key.
  (wordAt(deliveryId, 2) ^ Math.imul(chain, 0x9e3779b1)) >>> 0,
];

export type FinishedAttemptsBounds = Readonly<{
  /** Minimum time for which a finished attempt is remembered. */
  rememberMs: number;
  /**
   * Maximum chains per generation. Above it, attempts are remembered for less than
   * `rememberMs`, so that memory stays bounded.
   */
  maxChainsPerGeneration: number;
}>;

type FinishableJob = Readonly<{
  chain: ChainKey;
  entry: object | null;
  command: Readonly<{ state: Pick<DeliveryState, 'attempt'> }>;
}>;

// The newest generation fills while the older ones age: three generations of half the time each cover the whole time.
const generations = 3;

/**
 * Remembers for a limited time which attempts are finished and which chains are over. A crash can leave two commands
 * for one attempt; the second one is recognised here and dropped, so that they do not both continue on the ladder.
 */
export class FinishedAttempts {
  readonly #bounds: FinishedAttemptsBounds;
  /** Newest first. */
  #generations: Generation[];

  constructor(bounds: FinishedAttemptsBounds, nowMs: number) {
    this.#bounds = bounds;
    this.#generations = [new Generation(nowMs)];
  }

  /** Chains in memory; one recorded in two generations counts twice. */
  get size(): number {
    return this.#generations.reduce((sum, { size }) => sum + size, 0);
  }

  /** Returns true when this attempt or a later one of its chain is finished, or the chain is over. */
  has(key: ChainKey, attempt: number): boolean {
    const attemptMark = Math.min(attempt, lastAttempt);
    for (const generation of this.#generations) if (generation.find(key) >= attemptMark) return true;
    return false;
  }

  /** Returns true when the chain is over: nothing of it may be sent any more. */
  isOver(key: ChainKey): boolean {
    return this.#generations.some((generation) => generation.find(key) === terminal);
  }

  /**
   * Returns true when nothing of a job remains to be attempted. An entry of an ordered queue holds the number of its
   * next attempt, so it is finished only when its chain is over.
   */
  covers({ chain, entry, command }: FinishableJob): boolean {
    return entry === null ? this.has(chain, command.state.attempt) : this.isOver(chain);
  }

  /** Records an attempt as finished. Call it when its follow-up is in the log. */
  record(
    key: ChainKey,
    attempt: number,
    { isTerminal, nowMs }: Readonly<{ isTerminal: boolean; nowMs: number }>,
  ): void {
    this.#youngest(nowMs).raise(key, isTerminal ? terminal : Math.min(attempt, lastAttempt));
  }

  #youngest(nowMs: number): Generation {
    const { rememberMs, maxChainsPerGeneration } = this.#bounds;
    const [youngest] = this.#generations;
    const spanMs = rememberMs / (generations - 1);
    const isYoung =
      youngest !== undefined && nowMs - youngest.createdMs < spanMs && youngest.size < maxChainsPerGeneration;
    if (isYoung) return youngest;
    const fresh = new Generation(nowMs);
    this.#generations = [fresh, ...this.#generations].slice(0, generations);
    return fresh;
  }
}

/** Returns whether an attempt event is the last of its chain; null when it does not end its attempt. */
export const endingOf = ({ outcome, next }: AttemptRecorded): Readonly<{ isTerminal: boolean }> | null => {
  if (outcome.kind === 'deferred') return null;
  return { isTerminal: next.kind !== 'retry' };
};

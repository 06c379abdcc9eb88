import { hash } from 'node:crypto';
import { type EventAccepted, type EventId, operationalEventTypes } from '@tidings/contracts';

/** The result of a look-up: the first record of the event, a repeat, or the same id with another body. */
export type DedupeResult = 'first' | 'repeat' | 'conflict';

/**
 * A 64-bit hash of all fields that a repeat must share with its event. Excludes the time, which a retry may change.
 */
export type Fingerprint = Readonly<{ high: number; low: number }>;

/** Computes FNV-1a, 32 bits: a few dozen characters do not need a cryptographic hash. */
const mix = (text: string): number => {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum;
};

/**
 * The fingerprint of events whose id decides alone. Repeats of a webhook from a source differ in details, such as Stripe's number
 * of pending webhooks; two copies of one attempt give operational events, which nobody else may publish, of different times.
 */
export const ofIdAlone: Fingerprint = { high: 0, low: 0 };

const operational: ReadonlySet<string> = new Set(operationalEventTypes);

/** Computes the {@link Fingerprint} of an event. */
export const fingerprintOf = (event: EventAccepted): Fingerprint => {
  if (event.received !== undefined || operational.has(event.eventType)) return ofIdAlone;
  const { large } = event;
  const digest =
    large === undefined ? hash('sha256', event.data, 'buffer') : Buffer.from(large.sha256, 'hex');
  const rest = mix(JSON.stringify([event.eventType, event.source, event.consumerId, event.orderingKey]));
  return { high: (digest.readUInt32LE(0) ^ rest) >>> 0, low: digest.readUInt32LE(4) };
};

/** Maximum age and number of the records in a window. */
export type WindowBounds = Readonly<{ windowMs: number; maxRecords: number }>;

/** A record as the window's input. `timestampMs` is the record's own. */
export type Seen = Readonly<{ id: EventId; offset: number; timestampMs: number; fingerprint: Fingerprint }>;

const smallestCapacity = 1_024;
const none = -1;

/**
 * The recent events of one partition: event id → first offset and fingerprint. Only a larger offset is a repeat,
 * because a rejoin reads the same offsets again. The window is a ring in order of arrival over typed arrays, 48
 * bytes per record (a Map of objects needs four times that, for 200,000 records per partition), with chained buckets
 * to find an id. Time is that of the records and never goes back, so that a backlog read late keeps its repeats.
 */
export class DedupeWindow {
  readonly #bounds: WindowBounds;
  #capacity = smallestCapacity;
  #ids = new Uint32Array(4 * smallestCapacity);
  #prints = new Uint32Array(2 * smallestCapacity);
  #offsets = new Float64Array(smallestCapacity);
  #times = new Float64Array(smallestCapacity);
  #next = new Int32Array(smallestCapacity);
  #buckets = new Int32Array(smallestCapacity).fill(none);
  #oldest = 0;
  #size = 0;
  #newestMs = 0;

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }

  /** The memory of its records: 48 bytes for each of the next power of two. */
  get bytes(): number {
    const arrays = [this.#ids, this.#prints, this.#offsets, this.#times, this.#next, this.#buckets];
    return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Checks a record, and adds it if it is the first of its id. */
  see({ id, offset, timestampMs, fingerprint }: Seen): DedupeResult {
    const words = wordsOf(id);
    this.#newestMs = Math.max(this.#newestMs, timestampMs);
    this.#forgetBefore(this.#newestMs - this.#bounds.windowMs);
    const slot = this.#find(words);
    if (slot === none) {
      this.#append(words, { offset, fingerprint });
      return 'first';
    }
    const firstOffset = this.#offsets[slot] ?? 0;
    if (offset > firstOffset) return this.#hasPrint(slot, fingerprint) ? 'repeat' : 'conflict';
    // A record that is read again, or an earlier one of the same id that had been discarded: it is now the first one.
    this.#offsets[slot] = offset;
    this.#setPrint(slot, fingerprint);
    return 'first';
  }

  #hasPrint(slot: number, { high, low }: Fingerprint): boolean {
    return this.#prints[2 * slot] === high && this.#prints[2 * slot + 1] === low;
  }

  #setPrint(slot: number, { high, low }: Fingerprint): void {
    this.#prints[2 * slot] = high;
    this.#prints[2 * slot + 1] = low;
  }

  #bucketOf(slot: number): number {
    return (this.#ids[4 * slot + 3] ?? 0) & (this.#capacity - 1);
  }

  #find(words: IdWords): number {
    let slot = this.#buckets[words[3] & (this.#capacity - 1)] ?? none;
    while (slot !== none) {
      const at = 4 * slot;
      const isSame =
        this.#ids[at + 3] === words[3] &&
        this.#ids[at + 2] === words[2] &&
        this.#ids[at + 1] === words[1] &&
        this.#ids[at] === words[0];
      if (isSame) return slot;
      slot = this.#next[slot] ?? none;
    }
    return none;
  }

  #append(words: IdWords, { offset, fingerprint }: Pick<Seen, 'offset' | 'fingerprint'>): void {
    if (this.#size >= this.#bounds.maxRecords) this.#forgetOldest();
    if (this.#size === this.#capacity) this.#resize(2 * this.#capacity);
    const slot = (this.#oldest + this.#size) & (this.#capacity - 1);
    this.#ids.set(words, 4 * slot);
    this.#setPrint(slot, fingerprint);
    this.#offsets[slot] = offset;
    this.#times[slot] = this.#newestMs;
    this.#link(slot);
    this.#size += 1;
  }

  #link(slot: number): void {
    const bucket = this.#bucketOf(slot);
    this.#next[slot] = this.#buckets[bucket] ?? none;
    this.#buckets[bucket] = slot;
  }

  #forgetBefore(timeMs: number): void {
    while (this.#size > 0 && (this.#times[this.#oldest] ?? 0) < timeMs) this.#forgetOldest();
    if (this.#capacity > smallestCapacity && this.#size < this.#capacity / 8)
      this.#resize(this.#capacity / 2);
  }

  #forgetOldest(): void {
    const slot = this.#oldest;
    const bucket = this.#bucketOf(slot);
    // The oldest record of a bucket is the last of its chain, since new ones are inserted at the front.
    let before = none;
    for (let at = this.#buckets[bucket] ?? none; at !== slot; at = this.#next[at] ?? none) before = at;
    if (before === none) this.#buckets[bucket] = none;
    else this.#next[before] = none;
    this.#oldest = (slot + 1) & (this.#capacity - 1);
    this.#size -= 1;
  }

  #resize(capacity: number): void {
    const { ids, prints, offsets, times } = this.#inOrder(capacity);
    this.#ids = ids;
    this.#prints = prints;
    this.#offsets = offsets;
    this.#times = times;
    this.#capacity = capacity;
    this.#oldest = 0;
    this.#next = new Int32Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(none);
    for (let slot = 0; slot < this.#size; slot += 1) this.#link(slot);
  }

  #inOrder(capacity: number) {
    const ids = new Uint32Array(4 * capacity);
    const prints = new Uint32Array(2 * capacity);
    const offsets = new Float64Array(capacity);
    const times = new Float64Array(capacity);
    for (let at = 0; at < this.#size; at += 1) {
      const slot = (this.#oldest + at) & (this.#capacity - 1);
      ids.set(this.#ids.subarray(4 * slot, 4 * slot + 4), 4 * at);
      prints.set(this.#prints.subarray(2 * slot, 2 * slot + 2), 2 * at);
      offsets[at] = this.#offsets[slot] ?? 0;
      times[at] = this.#times[slot] ?? 0;
    }
    return { ids, prints, offsets, times };
  }
}

type IdWords = readonly [number, number, number, number];

/**
 * Parses an event id: `evt_` and 128 bits in hex. The last word is random in every kind of id and selects the bucket.
 */
const wordsOf = (id: EventId): IdWords => [wordAt(id, 4), wordAt(id, 12), wordAt(id, 20), wordAt(id, 28)];

const wordAt = (id: EventId, at: number): number => Number.parseInt(id.slice(at, at + 8), 16);

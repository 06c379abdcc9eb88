import type { StreamMessage } from './stream-message.ts';
import { advance, copyOf, type StreamPlace, type StreamPosition } from './stream-position.ts';

/** A message at its place. `id`: of the whole position after it. `atMs`: when this process read it. */
export type StreamEntry = StreamPlace &
  Readonly<{ seq: number; atMs: number; id: string; message: StreamMessage }>;

/** Limits of a {@link MessageRing}. */
export type RingLimits = Readonly<{ maxBytes: number; maxAgeMs: number }>;

// Of an entry besides its text: object, id, key.
const overheadBytes = 700;
const sizeOf = ({ message, id }: StreamEntry): number => message.json.length + id.length + overheadBytes;

/** The newest messages in the order of one process, for readers that resume. Bounded by bytes and age. */
export class MessageRing {
  readonly #limits: RingLimits;
  #entries: StreamEntry[] = [];
  /** Index of the oldest entry: removed ones are cut off in bulk. */
  #from = 0;
  #bytes = 0;
  readonly #start: StreamPosition;

  /** `start`: the position before its first message. */
  constructor(limits: RingLimits, start: StreamPosition) {
    this.#limits = limits;
    this.#start = copyOf(start);
  }

  /** The position from which on every message is here. */
  get start(): StreamPosition {
    return this.#start;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get firstSeq(): number {
    return this.#entries[this.#from]?.seq ?? Number.POSITIVE_INFINITY;
  }

  push(entry: StreamEntry): void {
    this.#entries.push(entry);
    this.#bytes += sizeOf(entry);
    this.evict(entry.atMs);
  }

  /** Removes what exceeds the limits. */
  evict(nowMs: number): void {
    const { maxBytes, maxAgeMs } = this.#limits;
    for (;;) {
      const oldest = this.#entries[this.#from];
      if (oldest === undefined) break;
      if (this.#bytes <= maxBytes && nowMs - oldest.atMs <= maxAgeMs) break;
      this.#bytes -= sizeOf(oldest);
      advance(this.#start, oldest);
      this.#from += 1;
    }
    if (this.#from > 1_000 && this.#from * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#from);
      this.#from = 0;
    }
  }

  /** Returns up to `limit` entries from `seq` on. */
  from(seq: number, limit: number): readonly StreamEntry[] {
    const first = this.#entries[this.#from];
    if (first === undefined) return [];
    const index = this.#from + Math.max(0, seq - first.seq);
    return this.#entries.slice(index, index + limit);
  }
}

const firstCapacity = 256;

/**
 * Which records of one partition are done, for one time of owning it. Records are added in offset order (gaps are
 * normal: compaction, control records) and done in any order. `committable` is the offset below which every record
 * added is done: committing it never skips work.
 *
 * A ring of numbers, not a map: adding and finishing cost no allocation. Offsets are safe as numbers below 2^53.
 * Each owning has its own tracker, so what an earlier one still finishes cannot move the offsets of a later one.
 */
export class OffsetTracker {
  #offsets = new Float64Array(firstCapacity);
  #timestamps = new Float64Array(firstCapacity);
  #isDone = new Uint8Array(firstCapacity);
  // Tickets count up for ever; a ticket's slot in the ring is its low bits.
  #head = 0;
  #rangeReader = 0;
  #nextOffset: number;
  #pending = 0;
  #isClosed = false;

  /** `position`: the first offset that may be added, and what is committable until then. */
  constructor(position: number) {
    this.#nextOffset = position;
  }

  /** The first offset that was not seen yet: everything below was added or is a gap. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Records added and not done. */
  get pending(): number {
    return this.#pending;
  }

  /** Records from the oldest that is not done to the newest: what a restart would read again. */
  get span(): number {
    return this.#rangeReader - this.#head;
  }

  /** The offset to commit: of the oldest record that is not done, else the next one to come. */
  get committable(): number {
    if (this.#head === this.#rangeReader) return this.#nextOffset;
    return this.#offsets[this.#slot(this.#head)] ?? this.#nextOffset;
  }

  /** Time in the log of the oldest record that is not done; undefined when every one is. */
  get oldestTimestampMs(): number | undefined {
    return this.#head === this.#rangeReader ? undefined : this.#timestamps[this.#slot(this.#head)];
  }

  /** Adds the record at `offset` and returns its ticket for {@link done}. Offsets must grow; a smaller one throws. */
  add(offset: number, timestampMs: number): number {
    if (offset < this.#nextOffset) {
      throw new RangeError(`offset ${offset} was seen before: the next one is ${this.#nextOffset}`);
    }
    if (this.#rangeReader - this.#head === this.#offsets.length) this.#grow();
    const ticket = this.#rangeReader;
    const slot = this.#slot(ticket);
    this.#offsets[slot] = offset;
    this.#timestamps[slot] = timestampMs;
    this.#isDone[slot] = 0;
    this.#rangeReader += 1;
    this.#pending += 1;
    this.#nextOffset = offset + 1;
    return ticket;
  }

  /** What was fetched ended before `offset`: the offsets up to there without a record are gaps. */
  skipTo(offset: number): void {
    if (offset > this.#nextOffset) this.#nextOffset = offset;
  }

  /** Marks a record done. False when it was so already or the tracker is closed. */
  done(ticket: number): boolean {
    if (this.#isClosed || ticket < this.#head || ticket >= this.#rangeReader) return false;
    const slot = this.#slot(ticket);
    if (this.#isDone[slot] === 1) return false;
    this.#isDone[slot] = 1;
    this.#pending -= 1;
    while (this.#head < this.#rangeReader && this.#isDone[this.#slot(this.#head)] === 1) this.#head += 1;
    return true;
  }

  /** The partition is no longer owned: nothing counts from here on. */
  close(): void {
    this.#isClosed = true;
  }

  // The length is a power of two. `&` works on the low 32 bits, which is all that a slot needs.
  #slot(ticket: number): number {
    return ticket & (this.#offsets.length - 1);
  }

  #grow(): void {
    const length = this.#offsets.length * 2;
    const offsets = new Float64Array(length);
    const timestamps = new Float64Array(length);
    const isDone = new Uint8Array(length);
    for (let ticket = this.#head; ticket < this.#rangeReader; ticket += 1) {
      const slot = ticket & (length - 1);
      offsets[slot] = this.#offsets[this.#slot(ticket)] ?? 0;
      timestamps[slot] = this.#timestamps[this.#slot(ticket)] ?? 0;
      isDone[slot] = this.#isDone[this.#slot(ticket)] ?? 0;
    }
    this.#offsets = offsets;
    this.#timestamps = timestamps;
    this.#isDone = isDone;
  }
}

const firstCapacity = 256;

/**
 * Tracks which records of one partition are done, for one period of ownership. Records are added in offset order (gaps
 * are normal: compaction, control records) and done in any order. `committable` is the offset below which every added
 * record is done: committing it never skips work.
 *
 * A ring of numbers, not a map: adding and finishing allocate nothing. Offsets are safe as numbers below 2^53. Each
 * period of ownership has its own tracker, so a completion from an earlier one cannot move the offsets of a later one.
 */
export class OffsetTracker {
  #offsets = new Float64Array(firstCapacity);
  #timestamps = new Float64Array(firstCapacity);
  #isDone = new Uint8Array(firstCapacity);
  // Tickets count up for ever; the low bits of a ticket are its slot in the ring.
  #head = 0;
  #rangeReader = 0;
  #nextOffset: number;
  #pending = 0;
  #isClosed = false;

  /** Creates a tracker. `position`: the first offset that may be added, and the committable offset until then. */
  constructor(position: number) {
    this.#nextOffset = position;
  }

  /** First offset not seen yet: everything below was added or is a gap. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Records added and not done. */
  get pending(): number {
    return this.#pending;
  }

  /** Records from the oldest that is not done to the newest: the number that a restart would read again. */
  get span(): number {
    return this.#rangeReader - this.#head;
  }

  /** Offset to commit: that of the oldest record that is not done, else the next one. */
  get committable(): number {
    if (this.#head === this.#rangeReader) return this.#nextOffset;
    return this.#offsets[this.#slot(this.#head)] ?? this.#nextOffset;
  }

  /** Log time of the oldest record that is not done; undefined if every one is. */
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

  /** Marks the offsets before `offset` without a record as gaps: the fetched range ended there. */
  skipTo(offset: number): void {
    if (offset > this.#nextOffset) this.#nextOffset = offset;
  }

  /** Marks a record done. Returns false if it was done before or the tracker is closed. */
  done(ticket: number): boolean {
    if (this.#isClosed || ticket < this.#head || ticket >= this.#rangeReader) return false;
    const slot = this.#slot(ticket);
    if (this.#isDone[slot] === 1) return false;
    this.#isDone[slot] = 1;
    this.#pending -= 1;
    while (this.#head < this.#rangeReader && this.#isDone[this.#slot(this.#head)] === 1) this.#head += 1;
    return true;
  }

  /** Ends the period of ownership: later calls have no effect. */
  close(): void {
    this.#isClosed = true;
  }

  // The length is a power of two. `&` uses the low 32 bits, which suffice for a slot.
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

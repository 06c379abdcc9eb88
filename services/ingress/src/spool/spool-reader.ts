import { type Piece, piecesOf } from './domain/frame.ts';
import type { SegmentName } from './domain/segment-name.ts';
import { decodeSpooled, type SpooledRecord } from './domain/spooled-record.ts';
import type { Place, Segment, SegmentLog } from './segment-log.ts';

/** Bytes of a segment that are no valid record. */
export type Damaged = Readonly<{ segment: SegmentName; offset: number; bytes: Buffer }>;

/** Records that follow one another in a spool, and what was damaged among them. `end`: the place behind them. */
export type SpoolBatch = Readonly<{
  records: readonly SpooledRecord[];
  damaged: readonly Damaged[];
  end: Place;
}>;

const batchLimits = { records: 500, bytes: 1024 * 1024 } as const;

/** Reads the segments of a spool from the oldest record on. */
export class SpoolReader {
  readonly #log: SegmentLog;
  #place: Place;
  /** The content of the segment that is being read, as far as it was written when it was read. */
  #content: Readonly<{ number: number; bytes: Buffer }> | undefined;

  constructor(log: SegmentLog, place: Place) {
    this.#log = log;
    this.#place = place;
  }

  /** Passes on every record that is left, and counts them and the damaged pieces. */
  async scan(
    onRecord: (record: SpooledRecord) => void,
  ): Promise<Readonly<{ records: number; damaged: number }>> {
    let [records, damaged] = [0, 0];
    for (const segment of this.#log.segments) {
      const bytes = await this.#log.read(segment);
      for (const piece of piecesOf(bytes, segment.salt, this.#offsetIn(segment))) {
        const record = recordIn(piece);
        if (record !== undefined) onRecord(record);
        if (record !== undefined) records += 1;
        else if (isDamaged(piece, segment)) damaged += 1;
      }
    }
    return { records, damaged };
  }

  /** Returns the next records, which stay; undefined if there is nothing. */
  async next(): Promise<SpoolBatch | undefined> {
    const segment = this.#unread();
    if (segment === undefined) return undefined;
    const records: SpooledRecord[] = [];
    const damaged: Damaged[] = [];
    let [end, bytes] = [this.#offsetIn(segment), 0];
    const content = await this.#contentOf(segment);
    // Somebody has cut the file: there is nothing behind.
    if (content.length <= end) end = segment.size;
    for (const piece of piecesOf(content, segment.salt, end)) {
      const record = recordIn(piece);
      if (record !== undefined) records.push(record);
      else if (isDamaged(piece, segment)) damaged.push(keptOf(content, segment, piece));
      ({ end } = piece);
      bytes += piece.end - piece.start;
      if (records.length >= batchLimits.records || bytes >= batchLimits.bytes) break;
    }
    return { records, damaged, end: { segment: segment.number, offset: end } };
  }

  /** True if there is something behind the last batch. */
  get isBehind(): boolean {
    return this.#unread() !== undefined;
  }

  /** Goes on behind a batch. Returns the place before which nothing is left. */
  pass({ end }: SpoolBatch): Place {
    this.#place = end;
    const next = this.#unread();
    if (next?.number === end.segment) return end;
    this.#content = undefined;
    const last = this.#log.segments.at(-1)?.number ?? end.segment;
    this.#place = { segment: next?.number ?? last + 1, offset: 0 };
    return this.#place;
  }

  #unread(): Segment | undefined {
    return this.#log.segments.find(
      (one) => one.number >= this.#place.segment && one.size > this.#offsetIn(one),
    );
  }

  #offsetIn({ number }: Segment): number {
    return number === this.#place.segment ? this.#place.offset : 0;
  }

  async #contentOf(segment: Segment): Promise<Buffer> {
    const { number, size } = segment;
    if (this.#content?.number === number && this.#content.bytes.length >= size) return this.#content.bytes;
    const bytes = (await this.#log.read(segment)).subarray(0, size);
    this.#content = { number, bytes };
    return bytes;
  }
}

const recordIn = (piece: Piece): SpooledRecord | undefined =>
  piece.kind === 'record' ? decodeSpooled(piece.payload) : undefined;

// The end of a segment of an earlier process may be a write that it did not survive, and did not confirm.
const isDamaged = ({ kind }: Piece, { isOwn }: Segment): boolean => kind !== 'torn' || isOwn;

const keptOf = (content: Buffer, segment: SegmentName, { start, end }: Piece): Damaged => ({
  segment,
  offset: start,
  bytes: content.subarray(start, end),
});

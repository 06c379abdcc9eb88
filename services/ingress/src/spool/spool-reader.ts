import { type Piece, piecesOf } from './domain/frame.ts';
import type { SegmentName } from './domain/segment-name.ts';
import { decodeSpooled, type SpooledRecord } from './domain/spooled-record.ts';
import { type Lane, lanes } from './lanes.ts';
import { type Entry, type Read, SegmentIndex } from './segment-index.ts';
import type { Place, Segment, SegmentLog } from './segment-log.ts';

/** Bytes of a segment that are no valid record. */
export type Damaged = Readonly<{ segment: SegmentName; offset: number; bytes: Buffer }>;

/** A record, and the place behind it. */
export type SpooledAt = Readonly<{ record: SpooledRecord; end: Place }>;

/**
 * Records of a lane that follow one another in it, and what was damaged among them. `end`: the place up to which the lane
 * has nothing else.
 */
export type SpoolBatch = Readonly<{
  lane: Lane;
  records: readonly SpooledAt[];
  damaged: readonly Damaged[];
  end: Place;
}>;

const batchBytes = 1024 * 1024;

/** Options of a reader. `read` returns undefined for a segment that is no longer there. */
export type ReaderOptions = Readonly<{ place: Place; read: Read; batchRecords: number }>;

/** Reads the segments of a spool, each lane from its oldest record on. */
export class SpoolReader {
  readonly #log: SegmentLog;
  readonly #read: Read;
  readonly #index: SegmentIndex;
  readonly #places: Place[];
  readonly #limits: Readonly<{ records: number; bytes: number }>;

  constructor(log: SegmentLog, { place, read, batchRecords }: ReaderOptions) {
    this.#log = log;
    this.#read = read;
    this.#limits = { records: batchRecords, bytes: batchBytes };
    this.#index = new SegmentIndex(read);
    this.#places = lanes.map(() => place);
  }

  /** Passes on every record that is left, and counts them and the damaged pieces. */
  async scan(
    onRecord: (record: SpooledRecord) => void,
  ): Promise<Readonly<{ records: number; damaged: number }>> {
    let [records, damaged] = [0, 0];
    const { drained } = this;
    for (const segment of [...this.#log.segments]) {
      const bytes = await this.#read(segment, { start: 0, end: segment.size });
      for (const piece of piecesOf(bytes ?? Buffer.alloc(0), segment.salt, offsetIn(segment, drained))) {
        const record = recordIn(piece);
        if (record !== undefined) onRecord(record);
        if (record !== undefined) records += 1;
        else if (piece.kind !== 'torn' || segment.isOwn) damaged += 1;
      }
    }
    return { records, damaged };
  }

  /** Returns the next records of a lane, which stay; undefined if there is nothing to pass. */
  async next(lane: Lane, signal?: AbortSignal): Promise<SpoolBatch | undefined> {
    for (let segment = this.#unread(lane); segment !== undefined; segment = this.#unread(lane)) {
      const content = await this.#index.of(segment, signal);
      if (content === undefined) continue;
      const start = offsetIn(segment, this.#placeOf(lane));
      const { entries, end } = content.next(lane, { start, ...this.#limits });
      const batch = await this.#batchOf(segment, entries, signal);
      if (batch !== undefined) return { lane, ...batch, end: { segment: segment.number, offset: end } };
    }
    return undefined;
  }

  /** True if there is something behind the last batch of a lane. */
  isBehind(lane: Lane): boolean {
    return this.#unread(lane) !== undefined;
  }

  /** Goes on behind a place in a lane. */
  pass(lane: Lane, end: Place): void {
    this.#places[lane] = end;
  }

  /** The place before which no lane has anything left. */
  get drained(): Place {
    const least = this.#places.reduce((a, b) => (isBefore(b, a) ? b : a));
    const next = this.#log.segments.find((one) => isUnread(one, least));
    if (next?.number === least.segment) return least;
    const last = this.#log.segments.at(-1)?.number ?? least.segment;
    return { segment: Math.max(least.segment, next?.number ?? last + 1), offset: 0 };
  }

  #placeOf(lane: Lane): Place {
    return this.#places[lane] ?? { segment: 0, offset: 0 };
  }

  #unread(lane: Lane): Segment | undefined {
    const place = this.#placeOf(lane);
    return this.#log.segments.find((one) => isUnread(one, place));
  }

  async #batchOf(
    segment: Segment,
    entries: readonly Entry[],
    signal: AbortSignal | undefined,
  ): Promise<Pick<SpoolBatch, 'records' | 'damaged'> | undefined> {
    const [first, last] = [entries[0], entries.at(-1)];
    const records: SpooledAt[] = [];
    const damaged: Damaged[] = [];
    if (first === undefined || last === undefined) return { records, damaged };
    const bytes = await this.#read(segment, { start: first.start, end: last.end }, signal);
    if (bytes === undefined) return undefined;
    for (const { start, end } of entries) {
      const frame = bytes.subarray(start - first.start, end - first.start);
      const [piece] = piecesOf(frame, segment.salt);
      const record = piece === undefined ? undefined : recordIn(piece);
      if (record === undefined) damaged.push({ segment, offset: start, bytes: frame });
      else records.push({ record, end: { segment: segment.number, offset: end } });
    }
    return { records, damaged };
  }
}

const recordIn = (piece: Piece): SpooledRecord | undefined =>
  piece.kind === 'record' ? decodeSpooled(piece.payload) : undefined;

const isBefore = (a: Place, b: Place): boolean =>
  a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);

const offsetIn = ({ number }: Segment, { segment, offset }: Place): number =>
  number === segment ? offset : 0;

const isUnread = (segment: Segment, place: Place): boolean =>
  segment.number >= place.segment && segment.size > offsetIn(segment, place);

import { hash, randomBytes } from 'node:crypto';
import { frameOf } from './domain/frame.ts';
import { parseSegmentName, type SegmentName, segmentName } from './domain/segment-name.ts';
import type { SpoolFiles } from './spool-files.ts';

/** A segment. `size`: the bytes of it that are known to be on disk; of one that an earlier process wrote, all of them. */
export type Segment = SegmentName & { readonly isOwn: boolean; size: number };

/** A place in the spool: everything before it has been handled. */
export type Place = Readonly<{ segment: number; offset: number }>;

const checkpointName = 'checkpoint';
const badSuffix = '.bad';

/**
 * The files of a spool: numbered segments that are only appended to, and the checkpoint of what was drained. What an
 * earlier process has left is never appended to. Calls must not overlap.
 */
export class SegmentLog {
  readonly #files: SpoolFiles;
  readonly #segments: Segment[] = [];
  readonly #bad = new Set<string>();
  #nextNumber = 1;
  /** The segment of this process that is appended to. */
  #active: Segment | undefined;

  constructor(files: SpoolFiles) {
    this.#files = files;
  }

  /** Reads what there is. Returns the place behind which nothing was drained. */
  async open(): Promise<Place> {
    const checkpoint = await this.#readCheckpoint();
    const files = await this.#files.list();
    for (const { name, size } of files) {
      if (name.endsWith(badSuffix)) this.#bad.add(name);
      const parsed = parseSegmentName(name);
      if (parsed === undefined) continue;
      if (parsed.number < checkpoint.segment) await this.#files.remove(name);
      else this.#segments.push({ ...parsed, isOwn: false, size });
    }
    this.#segments.sort((a, b) => a.number - b.number);
    const place = this.#placeOf(checkpoint);
    this.#nextNumber = Math.max(place.segment, (this.#segments.at(-1)?.number ?? 0) + 1);
    return place;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Returns the bytes of a segment from `start` to `end`: fewer if the file was cut. */
  async read({ name }: SegmentName, part: Readonly<{ start: number; end: number }>): Promise<Buffer> {
    return this.#files.readPart(name, part);
  }

  /**
   * Appends payloads and waits until they are on disk. Begins a segment if the current one has `maxBytes`. After a failure
   * none of them counts, though they may be there; the next call begins a segment unless the file could be cut back.
   */
  async append(payloads: readonly Buffer[], maxBytes: number): Promise<void> {
    if (this.#active !== undefined && this.#active.size >= maxBytes) this.#active = undefined;
    this.#active ??= await this.#begin();
    const { name, size, salt } = this.#active;
    const bytes = Buffer.concat(payloads.map((payload) => frameOf(payload, salt)));
    try {
      await this.#files.write(name, bytes, size);
    } catch (error) {
      await this.#cutBack(this.#active);
      throw error;
    }
    try {
      await this.#files.sync(name);
    } catch (error) {
      // The kernel may have dropped what it could not write: nothing may be put behind it.
      await this.#cutBack(this.#active);
      this.#active = undefined;
      throw error;
    }
    this.#active.size += bytes.length;
  }

  /**
   * Records that everything before a place is drained, and removes the segments before it. A failure to record it is
   * thrown after they were removed: the records behind the last checkpoint are then drained again after a crash.
   */
  async release(place: Place): Promise<void> {
    const [written] = await Promise.allSettled([this.#files.replace(checkpointName, checkpointOf(place))]);
    while ((this.#segments[0]?.number ?? Infinity) < place.segment) {
      const [done] = this.#segments;
      if (done === undefined) break;
      if (done === this.#active) this.#active = undefined;
      await this.#files.remove(done.name);
      this.#segments.shift();
    }
    if (written.status === 'rejected') throw new Error('no checkpoint', { cause: written.reason });
  }

  /** Keeps bytes for people, under the name of where they were. Returns false if they are kept already. */
  async setAside({ name }: SegmentName, offset: number, bytes: Buffer): Promise<boolean> {
    const file = `${name}.${offset}${badSuffix}`;
    if (this.#bad.has(file)) return false;
    await this.#files.replace(file, bytes);
    this.#bad.add(file);
    return true;
  }

  /** Keeps a whole segment for people. Returns false if it is not there: it was drained, or is kept already. */
  async setSegmentAside(segment: Segment): Promise<boolean> {
    if (!this.#segments.includes(segment)) return false;
    if (segment === this.#active) this.#active = undefined;
    try {
      await this.#files.rename(segment.name, `${segment.name}${badSuffix}`);
    } catch (error) {
      // Somebody has removed it.
      if (!isMissing(error)) throw error;
    }
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    return true;
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  // The last record of a segment may be drained, and the segment removed, without a checkpoint that says so. Its number must
  // not be taken again: in the next segment of that number the records before the offset would be passed over.
  #placeOf({ segment, offset }: Place): Place {
    const isThere = offset === 0 || this.#segments.some(({ number }) => number === segment);
    return isThere ? { segment, offset } : { segment: segment + 1, offset: 0 };
  }

  async #begin(): Promise<Segment> {
    const segment = {
      ...segmentName(this.#nextNumber, randomBytes(8).toString('hex')),
      isOwn: true,
      size: 0,
    };
    this.#nextNumber += 1;
    await this.#files.create(segment.name);
    this.#segments.push(segment);
    return segment;
  }

  async #cutBack(segment: Segment): Promise<void> {
    try {
      await this.#files.truncate(segment.name, segment.size);
    } catch {
      // The rest of the failed write is told apart by its checksums; nothing is put behind it.
      this.#active = undefined;
    }
  }

  // Without a valid checkpoint everything is drained again, with the same ids.
  async #readCheckpoint(): Promise<Place> {
    try {
      return placeIn(await this.#files.read(checkpointName)) ?? start;
    } catch (error) {
      if (isMissing(error)) return start;
      throw error;
    }
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const start: Place = { segment: 0, offset: 0 };

const checkpointOf = (place: Place): Buffer => {
  const text = `${place.segment} ${place.offset}`;
  return Buffer.from(`${text} ${hash('sha256', text, 'hex')}\n`);
};

const placeIn = (bytes: Buffer): Place | undefined => {
  const [segment, offset] = bytes.toString().split(' ').map(Number);
  const place = { segment: segment ?? 0, offset: offset ?? 0 };
  return checkpointOf(place).equals(bytes) ? place : undefined;
};

import { holdKey } from '@tidings/contracts';
import type { Member } from '../domain/ordered-queue.ts';
import type { HoldRecord, Holds } from '../ports.ts';

type Dependencies = Readonly<{
  holds: Pick<Holds, 'read'>;
  /** Finds who an entry belongs to. */
  find: (record: HoldRecord) => Member | undefined;
  /** For the bodies of all entries together. */
  maxBytes: number;
}>;

// Entries that were written together lie together: one read brings the next ones as well.
const readAhead = 256;

/**
 * The bodies of commands that have an entry: in memory while there is room, else only in the changelog, to be read back
 * when their turn comes.
 */
export class HeldBodies {
  readonly #dependencies: Dependencies;
  readonly #kept = new Set<Member>();
  /** The last read of each partition: one at a time, since the one before may bring what the next one is for. */
  readonly #reads = new Map<number, Promise<void>>();
  #bytes = 0;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get room(): number {
    return Math.max(0, this.#dependencies.maxBytes - this.#bytes);
  }

  /** Keeps the body of a member with an entry if there is room for it, else lets it go. */
  keep(member: Member): void {
    const { body, bytes } = member;
    if (body === null || this.#kept.has(member)) return;
    if (bytes > this.room) {
      member.body = null;
      return;
    }
    // What was fetched is a slice of the whole fetch, which would stay in memory with it.
    if (body.buffer.byteLength > 2 * body.length) member.body = Buffer.from(body);
    this.#kept.add(member);
    this.#bytes += bytes;
  }

  forget(member: Member): void {
    if (this.#kept.delete(member)) this.#bytes -= member.bytes;
  }

  /**
   * Reads a member's body from its entry, and those of others close behind while there is room. False: the changelog
   * says that the member has ended, so somebody else must have ended it.
   */
  async load(member: Member): Promise<boolean> {
    const { partition } = member.line;
    const before = this.#reads.get(partition) ?? Promise.resolve();
    const turn = before.then(async () => this.#read(member));
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#reads.set(partition, settled);
    try {
      return await turn;
    } finally {
      if (this.#reads.get(partition) === settled) this.#reads.delete(partition);
    }
  }

  async #read(member: Member): Promise<boolean> {
    const { holds, find } = this.#dependencies;
    const { entryOffset, line } = member;
    if (member.body !== null || line.isGone || entryOffset === null) return true;
    const from = new Map([[line.partition, entryOffset]]);
    const key = holdKey(member.state);
    const take = (record: HoldRecord): void => {
      const found = record.key === key ? member : find(record);
      if (found?.body !== null || found.entryOffset !== record.offset || record.entry === null) return;
      found.body = record.entry.command.body;
      if (found !== member) this.keep(found);
    };
    await holds.read(from, take, this.room > 0 ? readAhead : 1);
    if ((member.body as Buffer | null) !== null) return true;
    return this.#readToTheEnd(member, from);
  }

  // Its entry is no longer where it was: a process that had the partition before us must have written a newer one.
  async #readToTheEnd(member: Member, from: ReadonlyMap<number, bigint>): Promise<boolean> {
    const key = holdKey(member.state);
    let newest: HoldRecord | undefined;
    const note = (record: HoldRecord): void => {
      if (record.key === key) newest = record;
    };
    await this.#dependencies.holds.read(from, note);
    const found = newest as HoldRecord | undefined;
    if (found === undefined || found.entry === null) return false;
    member.entryOffset = found.offset;
    member.body = found.entry.command.body;
    return true;
  }
}

import type { DeliveryState } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';
import { lineNameOf, type Member, type OrderBook, wholeLine } from '../domain/ordered-queue.ts';
import type { HoldRecord, Holds, SubscriptionDirectory } from '../ports.ts';
import type { HeldBodies } from './body-cache.ts';
import type { LineRunner } from './queue-runner.ts';

type Dependencies = Readonly<{
  book: OrderBook;
  holds: Pick<Holds, 'read'>;
  bodies: HeldBodies;
  directory: SubscriptionDirectory;
  runner: LineRunner;
  clock: Clock;
}>;

type Entry = {
  readonly partition: number;
  readonly offset: bigint;
  readonly sequence: number;
  readonly state: DeliveryState;
  readonly traceparent: string | null;
  readonly bytes: number;
  body: Buffer | null;
};

const stateBytes = 1_024;

/** The entries that are left when all records are read; their bodies only as far as there is room for them. */
class Entries {
  readonly #entries = new Map<string, Entry>();
  #room: number;

  constructor(room: number) {
    this.#room = room;
  }

  take({ key, partition, offset, entry }: HoldRecord): void {
    const older = this.#entries.get(key);
    if (older?.body != null) this.#room += older.bytes;
    this.#entries.delete(key);
    if (entry === null) return;
    const { state, traceparent, body } = entry.command;
    const bytes = body.length + stateBytes;
    const hasRoom = bytes <= this.#room;
    if (hasRoom) this.#room -= bytes;
    const { sequence } = entry.held;
    // A copy: what was fetched is a slice of the whole fetch, which would stay in memory with it.
    const kept = hasRoom ? Buffer.from(body) : null;
    this.#entries.set(key, { partition, offset, sequence, state, traceparent, bytes, body: kept });
  }

  inOrder(): readonly Entry[] {
    return [...this.#entries.values()].sort(
      (a, b) => a.sequence - b.sequence || a.state.chain - b.state.chain,
    );
  }
}

/** Brings the lines of freshly assigned partitions back from their entries. */
export class LineRestorer {
  readonly #dependencies: Dependencies;
  /** Partitions that are ours, each with a token of its own for every time that it was assigned. */
  readonly #assigned = new Map<number, symbol>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Reads the entries and starts their lines. Resolves with how many there are. */
  async restore(partitions: readonly number[]): Promise<number> {
    const token = Symbol('assigned');
    for (const partition of partitions) this.#assigned.set(partition, token);
    const { book, holds, bodies, runner } = this.#dependencies;
    const entries = new Entries(bodies.room);
    await holds.read(new Map(partitions.map((partition) => [partition, 0n])), (record) => {
      entries.take(record);
    });
    // A partition may have moved on while it was read.
    const ours = partitions.filter((partition) => this.#assigned.get(partition) === token);
    let restored = 0;
    for (const entry of entries.inOrder()) {
      if (!ours.includes(entry.partition)) continue;
      this.#stand(entry);
      restored += 1;
    }
    for (const partition of ours) for (const line of book.linesIn(partition)) runner.run(line);
    return restored;
  }

  dropPartition(partition: number): void {
    this.#assigned.delete(partition);
  }

  #stand({ partition, offset, ...entry }: Entry): void {
    const { book, bodies, directory, clock } = this.#dependencies;
    const { subscriptionId } = entry.state;
    // One that needs no line any more is let go when its line is run.
    const name = lineNameOf(entry.state, directory.find(subscriptionId)) ?? wholeLine;
    const member: Member = {
      ...entry,
      line: book.open({ partition, subscriptionId, name }),
      records: [],
      hasEntry: true,
      entryOffset: offset,
      arrivedMs: clock.monotonicMs(),
      writtenAtMs: clock.nowMs(),
      isRefused: false,
      hasLeft: false,
    };
    book.stand(member);
    bodies.keep(member);
  }
}

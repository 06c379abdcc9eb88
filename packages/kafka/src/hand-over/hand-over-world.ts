import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import type { IncomingRecord, RunPartitionsOptions, WorkItem } from '../bus.ts';
import { AssignedPartitions } from '../consumer/assigned-partitions.ts';
import { noMetrics } from '../metrics.ts';
import { HandOver } from './hand-over.ts';
import { PartitionHandOver } from './partition-hand-over.ts';

/** The partition of the log. */
export const ref = { topic: 'work', partition: 0 };
const recordAt = (offset: number): IncomingRecord => ({
  ...ref,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  headers: {},
  value: Buffer.alloc(1),
});

type Fetch = Readonly<{ from: number; to: number; highWatermark: number }>;
type Append = Readonly<{ baseOffset: number; count: number }>;

/**
 * One partition of a log in memory, whose consumer fetches as kafkajs does: from its own position or that of a seek, not while it is
 * paused, and what a fetch brings is dropped if one of them happened meanwhile. The test decides when what happens.
 */
export class HandOverWorld {
  readonly clock: FakeClock = fakeClock();
  readonly handOver = new HandOver();
  readonly partitions: AssignedPartitions<number>;
  readonly consumer: PartitionHandOver<number>;
  /** Offsets passed on, by period of ownership. */
  readonly periods: { readonly start: number; readonly offsets: number[] }[] = [];
  readonly calls: string[] = [];
  items: WorkItem<number>[] = [];
  end = 0;
  isOwner = true;
  isFailing = false;
  isFetchStopped = true;
  /** Fetches whose log ended before what earlier ones had brought: the runner would take it for another one. */
  reopened = 0;
  #committed: number | null = null;
  #fetchPosition = 0;
  #seek: number | undefined;
  #fetch: Fetch | undefined;
  #unacknowledged: Append[] = [];

  constructor(run: Partial<RunPartitionsOptions<number>> = {}) {
    const { clock } = this;
    const options: RunPartitionsOptions<number> = {
      group: 'g',
      topics: [],
      decode: ({ offset }) => Number(offset),
      onAssigned: async ({ committedOffset }) => {
        this.periods.push({ start: Number(committedOffset), offsets: [] });
      },
      onBatch: ({ items }) => {
        if (this.isFailing) throw new Error('a defect');
        this.periods.at(-1)?.offsets.push(...items.map(({ message }) => message));
        this.items.push(...items);
      },
      onRevoked: () => {
        this.items = [];
      },
      maxPendingPerPartition: 12,
      ...run,
    };
    const metrics = noMetrics;
    this.partitions = new AssignedPartitions({
      ...{ run: options, clock, metrics, logger: silentLogger, poison: async () => {} },
      source: {
        pause: () => {
          this.isFetchStopped = true;
          this.calls.push('pause');
        },
        resume: () => {
          this.isFetchStopped = false;
          this.calls.push('resume');
        },
        seek: (_, offset) => {
          this.#seek = offset;
          this.calls.push(`seek ${offset}`);
        },
        positions: async () => new Map([['work 0', { committed: this.#committed, low: 0, high: this.end }]]),
        canCommit: () => true,
        commit: async ([first]) => {
          this.#committed = first?.offset ?? null;
        },
      },
    });
    const { partitions } = this;
    const isOwner = () => this.isOwner;
    this.consumer = new PartitionHandOver({
      ...{ run: options, partitions, clock, metrics, isOwner, onPassedOn: () => {} },
    });
    this.handOver.listen([ref.topic], this.consumer);
  }

  async start(): Promise<void> {
    this.partitions.assign([ref], { isSameMember: false });
    await this.clock.advance(0);
  }

  /** Sends records that the brokers append; their acknowledgement is on its way. */
  send(count: number): void {
    this.#unacknowledged.push({ baseOffset: this.end, count });
    this.end += count;
  }

  /** Another process appends records, or this one without hearing of it. */
  appendElsewhere(count: number): void {
    this.end += count;
  }

  /** The brokers lose acknowledged records, as without a disk that keeps them. */
  loseEnd(count: number): void {
    this.end -= count;
  }

  /** Two producers may be acknowledged in any order. */
  acknowledge(which: number): void {
    const [append] = this.#unacknowledged.splice(which % Math.max(1, this.#unacknowledged.length), 1);
    if (append === undefined) return;
    const { baseOffset, count } = append;
    const messages = Array.from({ length: count }, () => ({ value: Buffer.alloc(1), timestamp: '0' }));
    this.handOver.appended({ ...ref, baseOffset, messages });
  }

  publish(count = 1): void {
    this.send(count);
    this.acknowledge(0);
  }

  beginFetch(most = Infinity): void {
    if (this.#fetch !== undefined) return;
    if (this.#seek !== undefined) this.#fetchPosition = this.#seek;
    this.#seek = undefined;
    const from = this.#fetchPosition;
    if (!this.isFetchStopped)
      this.#fetch = { from, to: Math.min(this.end, from + most), highWatermark: this.end };
  }

  async endFetch(): Promise<void> {
    const fetch = this.#fetch;
    this.#fetch = undefined;
    if (fetch === undefined || this.isFetchStopped || this.#seek !== undefined) return;
    const { from, to, highWatermark } = fetch;
    if (from === to) return;
    if (highWatermark < this.partitions.fetchedTo(ref)) this.reopened += 1;
    const records = Array.from({ length: to - from }, (_, at) => recordAt(from + at));
    if (this.partitions.deliver({ ref, fetchedOffset: from, endOffset: to, records }))
      this.#fetchPosition = to;
    else await this.partitions.realign(ref);
  }

  finish(count: number): void {
    for (const item of this.items.splice(0, count)) item.done();
  }

  rejoin(): void {
    this.consumer.stop();
    this.partitions.assign([ref], { isSameMember: true });
    this.isOwner = true;
  }

  async lose(): Promise<void> {
    this.consumer.stop();
    await this.partitions.commit();
    this.partitions.assign([], { isSameMember: true });
    this.isFetchStopped = false;
    await this.start();
  }

  /** Everything arrives in the end. */
  async settle(): Promise<void> {
    this.isOwner = true;
    this.isFailing = false;
    while (this.#unacknowledged.length > 0) this.acknowledge(0);
    for (let turn = 0; turn < 500 && this.partitions.position(ref) < this.end; turn += 1) {
      this.beginFetch();
      await this.endFetch();
      this.finish(Infinity);
      await this.clock.advance(250);
    }
  }

  get offsets(): readonly number[] {
    return this.periods.flatMap(({ offsets }) => offsets);
  }
}

import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IncomingRecord, RunPartitionsOptions, WorkItem } from '../bus.ts';
import { HandOver } from '../hand-over/hand-over.ts';
import { noMetrics } from '../metrics.ts';
import { AssignedPartitions } from './assigned-partitions.ts';
import { PartitionHandOver } from './partition-hand-over.ts';

const ref = { topic: 'work', partition: 0 };
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
 * One partition of a log, whose consumer fetches as kafkajs does: from its own position or that of a seek, not while it is
 * paused, and what a fetch brings is dropped if one of them happened meanwhile. The test decides when what happens.
 */
class World {
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

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, at) => from + at);

/** A consumer whose records were all handed over for a while. */
async function handedOver(run?: Partial<RunPartitionsOptions<number>>): Promise<World> {
  const world = new World({ maxPendingPerPartition: 100, ...run });
  await world.start();
  for (let turn = 0; turn < 8; turn += 1) world.publish();
  return world;
}

describe('hand-over', () => {
  it('passes on what this process appends when it is acknowledged, and stops fetching after eight in a row', async () => {
    const world = new World();
    await world.start();
    world.send(2);
    expect(world.offsets).toEqual([]);
    world.acknowledge(0);
    expect(world.offsets).toEqual([0, 1]);
    for (let turn = 0; turn < 6; turn += 1) world.publish();
    expect(world.isFetchStopped).toBe(false);
    world.publish();
    expect(world.isFetchStopped).toBe(true);
    expect(world.offsets).toEqual(upTo(9));
  });

  it('recognises by its offset what a fetch has brought, in part as well', async () => {
    const world = new World();
    await world.start();
    world.send(3);
    world.beginFetch(2);
    await world.endFetch();
    world.acknowledge(0);
    expect(world.offsets).toEqual([0, 1, 2]);
    world.beginFetch();
    await world.endFetch();
    expect(world.offsets).toEqual([0, 1, 2]);
  });

  it('fetches records of others before what was appended behind them', async () => {
    const world = await handedOver();
    world.appendElsewhere(1);
    world.publish();
    expect(world.offsets).toEqual(upTo(8));
    expect(world.calls.slice(-2)).toEqual(['seek 8', 'resume']);
    world.beginFetch();
    await world.endFetch();
    expect(world.offsets).toEqual(upTo(10));
    world.publish();
    expect(world.offsets).toEqual(upTo(11));
    expect(world.isFetchStopped).toBe(false);
    for (let turn = 0; turn < 15; turn += 1) world.publish();
    expect(world.isFetchStopped).toBe(true);
  });

  it('stops fetching the later, the more often others write to the partition', async () => {
    const world = await handedOver();
    const publish = (): void => {
      world.publish();
      world.finish(Infinity);
    };
    const appendsUntilStopped = async (): Promise<number> => {
      world.appendElsewhere(1);
      publish();
      world.beginFetch();
      await world.endFetch();
      let appends = 0;
      for (; !world.isFetchStopped && appends < 1_000; appends += 1) publish();
      return appends;
    };
    const appends: number[] = [];
    while (appends.length < 3) appends.push(await appendsUntilStopped());
    expect(appends).toEqual([16, 32, 64]);
    for (let turn = 0; turn < 7 * 64; turn += 1) publish();
    expect(await appendsUntilStopped()).toBe(16);
  });

  it('takes no fetch that began before a hand-over for one of a shorter log', async () => {
    const world = new World();
    await world.start();
    world.publish();
    world.beginFetch();
    world.publish(2);
    await world.endFetch();
    world.beginFetch();
    await world.endFetch();
    expect(world.offsets).toEqual([0, 1, 2]);
    expect(world.reopened).toBe(0);
  });

  it('looks for records of others within 500 ms of its own last one', async () => {
    const world = await handedOver();
    world.appendElsewhere(1);
    await world.clock.advance(500);
    world.beginFetch();
    await world.endFetch();
    expect(world.offsets).toEqual(upTo(9));
  });

  it('fetches after a send whose result is unknown', async () => {
    const world = await handedOver();
    world.appendElsewhere(1);
    world.handOver.unknown(ref);
    world.beginFetch();
    await world.endFetch();
    expect(world.offsets).toEqual(upTo(9));
  });

  it('passes nothing on while the partition may be that of another member', async () => {
    const world = await handedOver();
    world.isOwner = false;
    world.publish();
    expect(world.offsets).toEqual(upTo(8));
    world.rejoin();
    expect(world.isFetchStopped).toBe(false);
    await world.settle();
    expect(world.offsets).toEqual(upTo(9));
  });

  it('passes nothing on to a full partition, and fetches that once there is room', async () => {
    const world = await handedOver({ maxPendingPerPartition: 8 });
    world.publish(2);
    expect(world.offsets).toEqual(upTo(8));
    world.finish(4);
    expect(world.calls.slice(-2)).toEqual(['seek 8', 'resume']);
    await world.settle();
    expect(world.offsets).toEqual(upTo(10));
  });

  it('commits what is done, and passes on again what is not after a loss of the partition', async () => {
    const world = await handedOver();
    world.finish(5);
    await world.lose();
    world.publish();
    await world.settle();
    expect(world.periods).toEqual([
      { start: 0, offsets: upTo(8) },
      { start: 5, offsets: upTo(9, 5) },
    ]);
  });

  it.each([
    ['before', 4],
    ['behind', 8],
  ])(
    'reads the log again where others took the place of what it has lost, committed %s it',
    async (_, done) => {
      const world = await handedOver();
      world.finish(done);
      await world.partitions.commit();
      world.loseEnd(3);
      world.publish(5);
      expect(world.offsets).toEqual(upTo(8));
      await world.settle();
      const start = Math.min(5, done);
      expect(world.periods.slice(1)).toEqual([{ start, offsets: upTo(10, start) }]);
    },
  );

  it('passes on together what arrives one by one while the handler is busy', async () => {
    const batches: number[][] = [];
    let release: () => void = () => {};
    const world = new World({
      onBatch: async ({ items }) => {
        batches.push(items.map(({ record }) => Number(record.offset)));
        await new Promise<void>((resolve) => (release = resolve));
      },
    });
    await world.start();
    for (let turn = 0; turn < 5; turn += 1) world.publish();
    release();
    await world.clock.advance(0);
    expect(batches).toEqual([[0], [1, 2, 3, 4]]);
  });

  it('passes nothing on while it closes', async () => {
    const world = await handedOver();
    const closed = world.partitions.close(1_000);
    world.publish();
    world.finish(8);
    await closed;
    expect(world.offsets).toEqual(upTo(8));
    await world.lose();
    expect(world.partitions.assigned()).toEqual([ref]);
  });

  it('passes on every record of a partition once and in order in each period of ownership', async () => {
    const step = fc.oneof(
      ...(['send', 'elsewhere', 'finish', 'fetch'] as const).map((kind) =>
        fc.record({ kind: fc.constant(kind), count: fc.integer({ min: 1, max: 4 }) }),
      ),
      fc.record({ kind: fc.constant('acknowledge' as const), count: fc.nat(3) }),
      fc.record({ kind: fc.constant('advance' as const), count: fc.constantFrom(1, 100, 250, 600) }),
      ...(['publish', 'arrive', 'unknown', 'pause', 'rejoin', 'lose', 'fail', 'commit'] as const).map(
        (kind) => fc.record({ kind: fc.constant(kind), count: fc.constant(1) }),
      ),
    );
    // Mostly the own appends that hand-over needs, so that it runs; then anything.
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.constant(1) }) },
        { weight: 2, arbitrary: step },
      ),
      { maxLength: 120 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const world = new World();
        await world.start();
        for (const { kind, count } of all) {
          if (kind === 'send') world.send(count);
          if (kind === 'publish') world.publish();
          if (kind === 'elsewhere') world.appendElsewhere(count);
          if (kind === 'acknowledge') world.acknowledge(count);
          if (kind === 'fetch') world.beginFetch(count);
          if (kind === 'arrive') await world.endFetch();
          if (kind === 'finish') world.finish(count);
          if (kind === 'advance') await world.clock.advance(count);
          if (kind === 'unknown') world.handOver.unknown(ref);
          if (kind === 'pause') world.isOwner = !world.isOwner;
          if (kind === 'rejoin') world.rejoin();
          if (kind === 'lose') await world.lose();
          if (kind === 'fail') world.isFailing = !world.isFailing;
          if (kind === 'commit') await world.partitions.commit();
        }
        await world.settle();
        expect(world.partitions.position(ref)).toBe(world.end);
        expect(world.reopened).toBe(0);
        let next = 0;
        for (const { start, offsets } of world.periods) {
          // From what is committed, and nothing was skipped before it.
          expect(start).toBeLessThanOrEqual(next);
          expect(offsets).toEqual(upTo(start + offsets.length, start));
          next = Math.max(next, start + offsets.length);
        }
        expect(next).toBe(world.end);
      }),
      { numRuns: 400 },
    );
  });
});

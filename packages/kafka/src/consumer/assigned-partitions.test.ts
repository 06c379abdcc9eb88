import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type IncomingRecord,
  type PartitionRef,
  partitionKey,
  type RunPartitionsOptions,
  type WorkItem,
} from '../bus.ts';
import { noMetrics } from '../metrics.ts';
import { AssignedPartitions } from './assigned-partitions.ts';
import type { CommitOffset, LogPosition, PartitionSource } from './partition-source.ts';

const ref = (partition: number): PartitionRef => ({ topic: 'work', partition });

const recordsOf = (partition: number, from: number, to: number): IncomingRecord[] =>
  Array.from({ length: to - from }, (_, at) => ({
    ...ref(partition),
    offset: BigInt(from + at),
    timestampMs: 0,
    key: null,
    headers: {},
    value: Buffer.alloc(10),
  }));

/** Creates assigned partitions over a log that only records its calls. */
function assignedPartitions(
  overrides: Partial<RunPartitionsOptions<bigint>> = {},
  poison: () => Promise<void> = async () => {},
) {
  const clock: FakeClock = fakeClock();
  const calls: string[] = [];
  const items: WorkItem<bigint>[] = [];
  const positions = new Map<string, LogPosition>();
  const commits: CommitOffset[][] = [];
  let onCommit: () => Promise<void> = async () => {};
  const source: PartitionSource = {
    pause: ({ partition }) => void calls.push(`pause ${partition}`),
    resume: ({ partition }) => void calls.push(`resume ${partition}`),
    seek: ({ partition }, offset) => void calls.push(`seek ${partition} ${offset}`),
    positions: async (refs) =>
      new Map(
        refs.map((at) => [
          partitionKey(at),
          positions.get(partitionKey(at)) ?? { committed: null, low: 0, high: 0 },
        ]),
      ),
    canCommit: () => true,
    commit: async (offsets) => {
      await onCommit();
      commits.push([...offsets]);
    },
  };
  const workers = new AssignedPartitions<bigint>({
    run: {
      group: 'g',
      topics: [],
      decode: ({ offset }) => offset,
      onBatch: (batch) => void items.push(...batch.items),
      onRevoked: ({ partition }) => void calls.push(`revoked ${partition}`),
      ...overrides,
    },
    source,
    poison,
    clock,
    logger: silentLogger,
    metrics: noMetrics,
  });
  const deliver = (partition: number, from: number, to: number): boolean =>
    workers.deliver({
      ref: ref(partition),
      fetchedOffset: from,
      endOffset: to,
      records: recordsOf(partition, from, to),
    });
  const position = (partition: number, position: LogPosition) =>
    void positions.set(partitionKey(ref(partition)), position);
  const failCommits = (error: Error | undefined) => {
    onCommit = async () => {
      if (error !== undefined) throw error;
    };
  };
  return { clock, calls, items, commits, workers, deliver, position, failCommits };
}

const offsetsOf = (items: readonly WorkItem<bigint>[]): number[] =>
  items.map(({ message }) => Number(message));

describe('AssignedPartitions', () => {
  let set: ReturnType<typeof assignedPartitions>;
  beforeEach(() => {
    set = assignedPartitions();
  });

  it('starts at the committed offset, paused until then', async () => {
    set.position(0, { committed: 40, low: 10, high: 50 });
    set.workers.assign([ref(0)], { isSameMember: false });
    expect(set.calls).toEqual(['pause 0']);
    expect(set.deliver(0, 40, 45)).toBe(false);
    await set.clock.advance(0);
    expect(set.calls).toEqual(['pause 0', 'seek 0 40', 'resume 0']);
    expect(set.deliver(0, 40, 45)).toBe(true);
    expect(offsetsOf(set.items)).toEqual([40, 41, 42, 43, 44]);
  });

  it.each([
    ['expired', { committed: 5, low: 10, high: 50 }],
    ['beyond the end of a recreated topic', { committed: 90, low: 10, high: 50 }],
    ['absent', { committed: null, low: 10, high: 50 }],
  ])('starts at the beginning of the log when the committed offset is %s', async (_, position) => {
    set.position(0, position);
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    expect(set.calls).toContain('seek 0 10');
  });

  it('continues at its position in a partition that stays assigned, and commits in the new generation', async () => {
    set.workers.assign([ref(0), ref(1)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 5);
    set.workers.assign([ref(0)], { isSameMember: true });
    expect(set.calls.slice(-2)).toEqual(['revoked 1', 'seek 0 5']);
    // Fetched before the rebalance: all seen already, except the last.
    expect(set.deliver(0, 2, 6)).toBe(true);
    expect(offsetsOf(set.items)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const item of set.items) item.done();
    await set.workers.commit();
    expect(set.commits).toEqual([[{ ...ref(0), offset: 6 }]]);
  });

  it('reopens all partitions as another member, since others may have owned them meanwhile', async () => {
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 5);
    set.position(0, { committed: 3, low: 0, high: 9 });
    set.workers.assign([ref(0)], { isSameMember: false });
    for (const item of set.items) item.done();
    await set.workers.commit();
    expect(set.commits).toEqual([]);
    await set.clock.advance(0);
    expect(set.calls.slice(-3)).toEqual(['pause 0', 'seek 0 3', 'resume 0']);
  });

  it('refuses a batch that starts after its position, and fetches from its position again', async () => {
    set.position(0, { committed: 80, low: 0, high: 200 });
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    expect(set.deliver(0, 100, 150)).toBe(false);
    await set.workers.realign(ref(0));
    expect(set.calls.slice(-3)).toEqual(['pause 0', 'seek 0 80', 'resume 0']);
    expect(set.deliver(0, 80, 90)).toBe(true);
    expect(offsetsOf(set.items)[0]).toBe(80);
  });

  it('continues after records that expired before they were read', async () => {
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.position(0, { committed: null, low: 100, high: 200 });
    expect(set.deliver(0, 100, 150)).toBe(false);
    await set.workers.realign(ref(0));
    expect(set.calls.slice(-2)).toEqual(['seek 0 100', 'resume 0']);
    expect(set.deliver(0, 100, 101)).toBe(true);
  });

  it('commits each offset once, and a failed one with the next commit', async () => {
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 3);
    set.items[0]?.done();
    set.failCommits(new Error('coordinator away'));
    await set.workers.commit();
    set.failCommits(undefined);
    await set.workers.commit();
    await set.workers.commit();
    expect(set.commits).toEqual([[{ ...ref(0), offset: 1 }]]);
  });

  it('pauses a partition at its limit of bytes as well as of records', async () => {
    set = assignedPartitions({ maxPendingBytesPerPartition: 100 });
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 10);
    expect(set.calls.at(-1)).toBe('pause 0');
    for (const item of set.items.slice(0, 5)) item.done();
    expect(set.calls.at(-1)).toBe('resume 0');
  });

  it('keeps a full partition paused over a rebalance until there is room', async () => {
    set = assignedPartitions({ maxPendingPerPartition: 4 });
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 4);
    set.workers.assign([ref(0)], { isSameMember: true });
    expect(set.calls.slice(-2)).toEqual(['seek 0 4', 'pause 0']);
    for (const item of set.items) item.done();
    expect(set.calls.at(-1)).toBe('resume 0');
  });

  it('waits longer after each consecutive failure, and briefly again once the failed offset is committed', async () => {
    let isBroken = true;
    const seen: number[] = [];
    set = assignedPartitions({
      onBatch: ({ items }) => {
        if (isBroken) throw new RangeError('defect');
        for (const item of items) {
          seen.push(Number(item.message));
          item.done();
        }
      },
    });
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    const resumes = () => set.calls.filter((call) => call === 'resume 0').length;
    for (const longestMs of [250, 500, 1_000]) {
      const before = resumes();
      set.deliver(0, 0, 3);
      expect(set.workers.isRestarting).toBe(true);
      await set.clock.advance(longestMs / 2 - 1);
      expect(resumes()).toBe(before);
      await set.clock.advance(longestMs / 2 + 1);
      expect(resumes()).toBe(before + 1);
    }
    isBroken = false;
    set.deliver(0, 0, 3);
    expect(seen).toEqual([0, 1, 2]);
    await set.workers.commit();
    isBroken = true;
    set.deliver(0, 3, 4);
    await set.clock.advance(250);
    expect(set.workers.isRestarting).toBe(false);
  });

  it('reopens a partition whose state could not be restored', async () => {
    let failures = 1;
    set = assignedPartitions({
      onAssigned: async () => {
        failures -= 1;
        if (failures >= 0) throw new Error('history unreadable');
      },
    });
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    expect(set.deliver(0, 0, 1)).toBe(false);
    await set.clock.advance(250);
    expect(set.deliver(0, 0, 1)).toBe(true);
  });

  it.each([
    ['done once it is dead-lettered', async () => {}, 3],
    ['undone when it cannot be dead-lettered', async () => Promise.reject(new Error('closed')), 1],
  ])('leaves a poison record %s', async (_, poison, committable) => {
    const decode = ({ offset }: IncomingRecord): bigint => {
      if (offset === 1n) throw new TypeError('poison');
      return offset;
    };
    set = assignedPartitions(
      { decode, onBatch: ({ items }) => items.forEach((item) => void item.done()) },
      poison,
    );
    set.workers.assign([ref(0)], { isSameMember: false });
    await set.clock.advance(0);
    set.deliver(0, 0, 3);
    await set.clock.advance(0);
    await set.workers.commit();
    expect(set.commits).toEqual([[{ ...ref(0), offset: committable }]]);
  });
});

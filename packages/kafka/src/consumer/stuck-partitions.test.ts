import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { StuckPartitions } from './stuck-partitions.ts';

const ref = { topic: 'work', partition: 0 };

describe('stuck watch', () => {
  let clock: FakeClock;
  let offset: number;
  let end: number;
  let stuck: (readonly PartitionRef[])[];
  beforeEach(() => {
    clock = fakeClock();
    offset = 10;
    end = 10;
    stuck = [];
    new StuckPartitions({
      clock,
      awaitingRecords: () => [{ ...ref, offset }],
      ends: async () => new Map([[partitionKey(ref), end]]),
      onStuck: (refs) => void stuck.push(refs),
    });
  });

  it('tells of a partition whose records wait and do not come', async () => {
    end = 11;
    await clock.advance(60_000);
    expect(stuck).toEqual([]);
    await clock.advance(30_000);
    expect(stuck).toEqual([[{ ...ref, offset: 10 }]]);
  });

  it('is content with a partition that is empty', async () => {
    await clock.advance(300_000);
    expect(stuck).toEqual([]);
  });

  it('is content with a partition that moves, however far behind', async () => {
    end = 1_000_000;
    for (let check = 0; check < 10; check += 1) {
      offset += 1;
      await clock.advance(30_000);
    }
    expect(stuck).toEqual([]);
  });
});

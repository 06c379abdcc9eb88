import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { StuckPartitions } from './stuck-partitions.ts';

const ref = { topic: 'work', partition: 0 };

describe('StuckPartitions', () => {
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

  it('reports a partition whose records wait and do not arrive', async () => {
    end = 11;
    await clock.advance(60_000);
    expect(stuck).toEqual([]);
    await clock.advance(30_000);
    expect(stuck).toEqual([[{ ...ref, offset: 10 }]]);
  });

  it('does not report an empty partition', async () => {
    await clock.advance(300_000);
    expect(stuck).toEqual([]);
  });

  it('does not report a partition that makes progress, however far behind', async () => {
    end = 1_000_000;
    for (let check = 0; check < 10; check += 1) {
      offset += 1;
      await clock.advance(30_000);
    }
    expect(stuck).toEqual([]);
  });
});

import type { AttemptRecorded } from '@tidings/contracts';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { BatchProjector, type ProjectorOptions, type Written } from './batch-projector.ts';
import type { Projected } from './deliveries/handle-attempt-recorded.ts';

type Over = Partial<
  Pick<ProjectorOptions<AttemptRecorded, Projected>, 'batchRecords' | 'intervalMs' | 'fullOfOne'>
>;

const setUp = ({ batchRecords = 10, intervalMs = 50, ...over }: Over = {}) => {
  const clock = fakeClock();
  const batches: number[] = [];
  const written: Written<Projected>[] = [];
  const failed: string[] = [];
  const finished: number[] = [];
  let outcome: () => Promise<void> = async () => {};
  const projector = new BatchProjector({
    name: 'attempts',
    project: async (records: readonly AttemptRecorded[]) => {
      batches.push(records.length);
      await outcome();
      return { inserted: records.length, updated: 0, unchanged: 0, recovered: [], replayed: [] };
    },
    ...{ batchRecords, intervalMs, ...over },
    clock,
    logger: recordingLogger(),
    onWritten: (one) => written.push(one),
    onFailed: (reason) => failed.push(reason),
  });
  let n = 0;
  const add = (count: number) =>
    projector.add(
      Array.from({ length: count }, () => {
        n += 1;
        const id = n;
        return {
          record: { timestampMs: clock.nowMs() },
          message: anAttemptRecord(id),
          completion: { done: () => void finished.push(id) },
        };
      }),
    );
  const when = (next: () => Promise<void>) => {
    outcome = next;
  };
  return { clock, batches, written, failed, finished, projector, add, when };
};

describe('batching of records', () => {
  it('writes a single record at once, and then what has arrived during the interval', async () => {
    const { clock, batches, finished, add } = setUp();
    add(1);
    await clock.advance(0);
    expect(finished).toEqual([1]);
    add(1);
    await clock.advance(20);
    add(2);
    await clock.advance(29);
    expect(batches).toEqual([1]);
    await clock.advance(1);
    expect(batches).toEqual([1, 3]);
    expect(finished).toEqual([1, 2, 3, 4]);
  });

  it('writes at the multiples of the interval, whenever the first record came, until it was idle', async () => {
    const { clock, batches, add } = setUp();
    await clock.advance(130);
    add(1);
    await clock.advance(0);
    expect(batches).toEqual([1]);
    add(2);
    await clock.advance(19);
    expect(batches).toEqual([1]);
    await clock.advance(1);
    expect(batches).toEqual([1, 2]);
    await clock.advance(70);
    add(3);
    await clock.advance(0);
    expect(batches).toEqual([1, 2]);
    await clock.advance(30);
    expect(batches).toEqual([1, 2, 3]);
    await clock.advance(101);
    add(4);
    await clock.advance(0);
    expect(batches).toEqual([1, 2, 3, 4]);
  });

  it('asks for the interval before each wait', async () => {
    let intervalMs = 50;
    const { clock, batches, add } = setUp({ intervalMs: () => intervalMs });
    add(1);
    await clock.advance(0);
    intervalMs = 200;
    add(2);
    await clock.advance(199);
    expect(batches).toEqual([1]);
    await clock.advance(1);
    expect(batches).toEqual([1, 2]);
  });

  it('writes before the interval ends if enough of one source wait', async () => {
    let source = 0;
    const { clock, batches, add } = setUp({
      batchRecords: 100,
      fullOfOne: { sourceOf: () => source, records: 3 },
    });
    add(1);
    await clock.advance(0);
    add(2);
    source = 1;
    add(2);
    await clock.advance(0);
    expect(batches).toEqual([1]);
    add(1);
    await clock.advance(0);
    expect(batches).toEqual([1, 5]);
    add(2);
    await clock.advance(0);
    expect(batches).toEqual([1, 5]);
    add(1);
    await clock.advance(0);
    expect(batches).toEqual([1, 5, 3]);
  });

  it('writes before the interval ends if half a batch has arrived, and never more than a whole batch', async () => {
    const { clock, batches, add } = setUp({ batchRecords: 10 });
    add(1);
    await clock.advance(0);
    add(24);
    await clock.advance(0);
    expect(batches).toEqual([1, 10, 10]);
    await clock.advance(50);
    expect(batches).toEqual([1, 10, 10, 4]);
  });

  it('writes what waits, and then each record, at once when its partitions close', async () => {
    const { clock, batches, finished, add, projector } = setUp();
    add(1);
    await clock.advance(0);
    add(2);
    projector.hurry();
    await clock.advance(0);
    expect(finished).toEqual([1, 2, 3]);
    add(1);
    await clock.advance(0);
    expect(batches).toEqual([1, 2, 1]);
  });

  it('has one write in flight and collects records meanwhile', async () => {
    const { clock, batches, add, when } = setUp();
    let finish = () => {};
    when(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    add(3);
    await clock.advance(500);
    add(2);
    add(2);
    await clock.advance(500);
    expect(batches).toEqual([3]);
    finish();
    await clock.advance(0);
    expect(batches).toEqual([3, 4]);
  });

  it('repeats a failed write until it succeeds; nothing is done before, and order is kept', async () => {
    const { clock, batches, failed, finished, written, projector, add, when } = setUp();
    when(async () => {
      throw new AppError({ code: 'unavailable', message: 'MongoDB is unavailable' });
    });
    add(3);
    await clock.advance(60_000);
    add(2);
    expect(failed.length).toBeGreaterThan(10);
    expect(new Set(batches)).toEqual(new Set([3]));
    expect(finished).toEqual([]);
    expect(projector.waiting).toBe(5);
    when(async () => {});
    await clock.advance(5_100);
    expect(finished).toEqual([1, 2, 3, 4, 5]);
    expect(written.map(({ records }) => records)).toEqual([3, 2]);
    expect(projector.waiting).toBe(0);
  });

  it('drops what is not written when it is closed', async () => {
    const { clock, finished, projector, add, when } = setUp();
    when(async () => {
      throw new Error('away');
    });
    add(3);
    await clock.advance(10);
    projector.close();
    await clock.advance(60_000);
    expect(finished).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunPartitionsOptions } from '../bus.ts';
import { HandOverWorld, ref } from './hand-over-world.ts';

const upTo = (end: number, from = 0): number[] => Array.from({ length: end - from }, (_, at) => from + at);

/** A consumer whose records were all handed over for a while. */
async function handedOver(run?: Partial<RunPartitionsOptions<number>>): Promise<HandOverWorld> {
  const world = new HandOverWorld({ maxPendingPerPartition: 100, ...run });
  await world.start();
  for (let turn = 0; turn < 8; turn += 1) world.publish();
  return world;
}

describe('hand-over', () => {
  it('passes on what this process appends when it is acknowledged, and stops fetching after eight in a row', async () => {
    const world = new HandOverWorld();
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
    const world = new HandOverWorld();
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
    const world = new HandOverWorld();
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
    const world = new HandOverWorld({
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
        const world = new HandOverWorld();
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

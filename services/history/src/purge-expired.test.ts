import { workspaceId } from '@tidings/contracts';
import { recordingLogger } from '@tidings/observability/testing';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { createMemoryDeliveryStore } from '../test/deliveries/memory-delivery-store.ts';
import { deliveryOf } from './deliveries/domain/delivery.ts';
import { type PurgedByWorkspace, purgeByRetention, purgeExpired } from './purge-expired.ts';

const dayMs = 86_400_000;
const installationMs = 30 * dayMs;

/** Purges deliveries of a memory store by settings in days that a test may change. */
const purging = (clock: FakeClock, store: PurgedByWorkspace) => {
  const days: Record<string, number> = {};
  const known = { ready: async () => {} };
  let purged = 0;
  const stop = purgeByRetention({
    name: 'deliveries',
    store,
    retention: {
      ready: async () => known.ready(),
      lengthMs: (workspace, defaultMs) => {
        const own = days[workspace ?? ''];
        return own === undefined ? defaultMs : own * dayMs;
      },
    },
    retentionMs: installationMs,
    intervalMs: dayMs,
    clock,
    logger: recordingLogger(),
    onPurged: (count) => {
      purged += count;
    },
  });
  return { days, known, stop, purged: () => purged };
};

const setUp = () => {
  const clock = fakeClock(100 * dayMs);
  const store = createMemoryDeliveryStore();
  const aged = (n: number, days: number, workspace = 'ws_demo') =>
    deliveryOf(
      anAttemptRecord(n, {
        acceptedAtMs: clock.nowMs() - days * dayMs,
        workspaceId: workspaceId(workspace),
      }),
    );
  return { clock, store, aged };
};

describe('the purge by the retention of workspaces', () => {
  it('removes everything past its retention, also more than one chunk, and continues after a failure', async () => {
    const { clock, store, aged } = setUp();
    await store.insert([
      ...Array.from({ length: 1_100 }, (_, n) => aged(n, 31)),
      aged(2_000, 29),
      aged(2_001, 30.5),
    ]);
    const { purged, stop } = purging(clock, store);
    await clock.advance(60_000);
    expect(purged()).toBe(1_101);
    expect(store.all()).toHaveLength(1);
    store.fail(new Error('MongoDB is unavailable'), 1);
    await clock.advance(dayMs);
    expect(store.all()).toHaveLength(1);
    await clock.advance(dayMs);
    expect(store.all()).toHaveLength(0);
    stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('applies a shortened setting to what was stored before, and a longer one keeps it', async () => {
    const { clock, store, aged } = setUp();
    await store.insert([aged(1, 9, 'ws_short'), aged(2, 9), aged(3, 29, 'ws_long')]);
    const { days, stop } = purging(clock, store);
    days['ws_long'] = 365;
    await clock.advance(60_000);
    expect(store.all()).toHaveLength(3);
    days['ws_short'] = 7;
    await clock.advance(2 * dayMs);
    expect(store.all().map((delivery) => delivery.workspaceId)).toEqual(['ws_demo', 'ws_long']);
    stop();
  });

  it('removes nothing before the settings of the workspaces are known', async () => {
    const { clock, store, aged } = setUp();
    await store.insert([aged(1, 31, 'ws_long')]);
    const { days, known, stop } = purging(clock, store);
    let areKnown = (): void => {};
    const settings = new Promise<void>((resolve) => {
      areKnown = resolve;
    });
    known.ready = async () => settings;
    await clock.advance(2 * dayMs);
    expect(store.all()).toHaveLength(1);
    days['ws_long'] = 365;
    areKnown();
    await clock.advance(2 * dayMs);
    expect(store.all()).toHaveLength(1);
    stop();
  });

  it('leaves most of the time to others, and ends with the step that it is in when it is stopped', async () => {
    const { clock } = setUp();
    const startsMs: number[] = [];
    const store: PurgedByWorkspace = {
      workspaces: async () => ['ws_demo'],
      purge: async (_, __, limit) => {
        startsMs.push(clock.nowMs());
        // Each step takes a second.
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 1_000));
        return limit;
      },
    };
    const { stop } = purging(clock, store);
    await clock.advance(60_000);
    for (let second = 0; second < 9; second += 1) await clock.advance(1_000);
    const [first = 0] = startsMs;
    expect(startsMs.map((ms) => ms - first)).toEqual([0, 4_000, 8_000]);
    stop();
    await clock.advance(60_000);
    expect(startsMs).toHaveLength(3);
  });
});

it('the purge by one age removes what is older, in chunks', async () => {
  const clock = fakeClock(100 * dayMs);
  const limits: number[] = [];
  let left = 1_100;
  const stop = purgeExpired({
    name: 'deliveries',
    store: {
      purge: async (beforeMs, limit) => {
        expect(beforeMs).toBe(clock.nowMs() - dayMs);
        limits.push(limit);
        const removed = Math.min(left, limit);
        left -= removed;
        return removed;
      },
    },
    ...{ retentionMs: dayMs, intervalMs: dayMs, clock, logger: recordingLogger() },
  });
  await clock.advance(60_000);
  expect(left).toBe(0);
  expect(limits).toEqual([500, 500, 500]);
  stop();
});

it('the first purges of the kinds of data follow one another', async () => {
  const clock = fakeClock();
  const startedMs: Record<string, number> = {};
  const start = (name: Parameters<typeof purgeExpired>[0]['name'], intervalMs: number) =>
    purgeExpired({
      name,
      store: {
        purge: async () => {
          startedMs[name] ??= clock.nowMs();
          return 0;
        },
      },
      ...{ retentionMs: 0, intervalMs, clock, logger: recordingLogger() },
    });
  const startMs = clock.nowMs();
  const stops = [start('deliveries', dayMs), start('events', dayMs), start('idempotency-keys', dayMs)];
  // An interval that is shorter applies from the beginning.
  stops.push(start('jobs', 1_000));
  await clock.advance(250_000);
  expect(Object.values(startedMs).map((ms) => ms - startMs)).toEqual([1_000, 60_000, 80_000, 220_000]);
  for (const stop of stops) stop();
});

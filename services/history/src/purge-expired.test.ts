import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { createMemoryDeliveryStore } from '../test/memory-delivery-store.ts';
import { deliveryOf } from './deliveries/domain/delivery.ts';
import { purgeExpired } from './purge-expired.ts';

const dayMs = 86_400_000;

describe('the purge', () => {
  it('removes everything past its retention, also more than one chunk, and continues after a failure', async () => {
    const store = createMemoryDeliveryStore();
    const clock = fakeClock(100 * dayMs);
    const logger = recordingLogger();
    const aged = (n: number, days: number) =>
      deliveryOf(anAttemptRecord(n, { acceptedAtMs: clock.nowMs() - days * dayMs }));
    await store.insert([
      ...Array.from({ length: 1_100 }, (_, n) => aged(n, 31)),
      aged(2_000, 29),
      aged(2_001, 30.5),
    ]);
    let purged = 0;
    const stop = purgeExpired({
      name: 'deliveries',
      store,
      retentionMs: 30 * dayMs,
      intervalMs: dayMs,
      clock,
      logger,
      onPurged: (count) => {
        purged += count;
      },
    });
    await clock.advance(60_000);
    expect(purged).toBe(1_101);
    expect(store.all()).toHaveLength(1);
    store.fail(new Error('MongoDB is unavailable'), 1);
    await clock.advance(dayMs);
    expect(store.all()).toHaveLength(1);
    await clock.advance(dayMs);
    expect(store.all()).toHaveLength(0);
    stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

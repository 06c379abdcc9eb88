import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { Health } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { metricsCatalogue } from '../metrics.ts';
import { PeriodicTask } from './periodic-task.ts';

describe('repeated work', () => {
  let clock = fakeClock();
  let logger = recordingLogger();
  let batches = 0;
  let run = async (): Promise<void> => {};
  let work: PeriodicTask;
  beforeEach(() => {
    clock = fakeClock();
    logger = recordingLogger();
    batches = 0;
    run = async () => {};
    const { handles } = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
    const counted = async (): Promise<void> => {
      batches += 1;
      await run();
    };
    work = new PeriodicTask(
      { name: 'tidy', everyMs: 60_000, run: counted },
      { clock, logger, health: new Health(clock).register('tidy'), seconds: handles.maintenance },
    );
  });

  it('does nothing before it is woken, then a turn every so often', async () => {
    await clock.advance(120_000);
    expect(batches).toBe(0);
    work.wake();
    await clock.advance(0);
    expect(batches).toBe(1);
    await clock.advance(60_000);
    expect(batches).toBe(2);
  });

  it('never overlaps itself: a wake during a turn makes one more after it', async () => {
    let finish = (): void => {};
    run = async () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    work.wake();
    work.wake();
    work.wake();
    await clock.advance(0);
    expect(batches).toBe(1);
    finish();
    await clock.advance(0);
    expect(batches).toBe(2);
    finish();
    await clock.advance(0);
    expect(batches).toBe(2);
  });

  it('tries a failed turn again soon, and tells of the first failure and of the recovery only', async () => {
    run = async () => {
      throw new Error('no database');
    };
    work.wake();
    await clock.advance(12_000);
    expect(batches).toBe(3);
    run = async () => {};
    await clock.advance(5_000);
    expect(logger.lines.map(({ event }) => event)).toEqual(['maintenance.failed', 'maintenance.recovered']);
  });

  it('is over when it is closed, after the turn at work', async () => {
    let finish = (): void => {};
    run = async () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    work.wake();
    const closing = work.close();
    finish();
    await closing;
    work.wake();
    await clock.advance(120_000);
    expect(batches).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

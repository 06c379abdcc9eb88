import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { Health } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { metricsCatalogue } from '../metrics.ts';
import { createMaintenanceTask } from './create-maintenance-task.ts';

it('repeats a failed run soon, and logs only the first failure of a series and the recovery', async () => {
  const clock = fakeClock();
  const logger = recordingLogger();
  const { handles } = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  let runs = 0;
  let isDatabaseUp = false;
  const task = createMaintenanceTask(
    {
      name: 'tidy',
      everyMs: 60_000,
      run: async () => {
        runs += 1;
        if (!isDatabaseUp) throw new Error('no database');
      },
    },
    { clock, logger, health: new Health(clock).register('tidy'), seconds: handles.maintenance },
  );
  await clock.advance(120_000);
  expect(runs).toBe(0);
  task.wake();
  await clock.advance(12_000);
  expect(runs).toBe(3);
  isDatabaseUp = true;
  await clock.advance(5_000);
  expect(runs).toBe(4);
  expect(logger.lines.map(({ event }) => event)).toEqual(['maintenance.failed', 'maintenance.recovered']);
  await clock.advance(59_999 - 2_000);
  expect(runs).toBe(4);
  await clock.advance(2_001);
  expect(runs).toBe(5);
  task.stop();
});

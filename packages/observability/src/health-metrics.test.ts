import { Health } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { createMetrics, measureHealth } from './index.ts';

const seriesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line.startsWith('tidings_service_'));

it('shows what the health report says, and no part that was removed', async () => {
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const clock = fakeClock();
  const health = new Health(clock);
  measureHealth(health, { service: 'test', registry: metrics.registry });
  const worker = health.register('worker', { maxSilenceMs: 1_000 });
  const table = health.register('table');
  worker.up();
  table.down('the brokers are unreachable');
  expect(seriesOf(await metrics.text())).toEqual([
    'tidings_service_ready{service="test"} 0',
    'tidings_service_part_up{part="worker",service="test"} 1',
    'tidings_service_part_up{part="table",service="test"} 0',
  ]);
  table.remove();
  expect(seriesOf(await metrics.text())).toEqual([
    'tidings_service_ready{service="test"} 1',
    'tidings_service_part_up{part="worker",service="test"} 1',
  ]);
  await clock.advance(1_001);
  expect(seriesOf(await metrics.text())).toContain('tidings_service_part_up{part="worker",service="test"} 0');
});

import type { Health } from '@tidings/runtime';
import { createMetrics, type Metrics } from './create-metrics.ts';
import { defineMetrics } from './define-metrics.ts';

/** Metrics of every service: what its `/ready` reports. */
export const healthMetrics = defineMetrics({
  ready: {
    type: 'gauge',
    name: 'tidings_service_ready',
    help: '1 while the service accepts work, else 0: what /ready reports.',
    action: '0 for minutes: see which part is not up, and its reason at /ready.',
    labels: [],
  },
  partUp: {
    type: 'gauge',
    name: 'tidings_service_part_up',
    help: '1 while a part of the service works and makes progress, else 0, by part.',
    action: '0 for minutes: /ready has the reason. For parts that read topics or MongoDB, check these first.',
    labels: ['part'],
  },
});

/** Adds the metrics of a health report to the registry of its service. They are read at each scrape. */
export function measureHealth(
  health: Health,
  { service, registry }: Readonly<{ service: string; registry: Metrics['registry'] }>,
): void {
  const { handles } = createMetrics(healthMetrics, { service, registry });
  handles.ready.collect((gauge) => gauge.set({}, health.report().ready ? 1 : 0));
  handles.partUp.collect((gauge) => {
    gauge.reset();
    for (const { name, state } of health.report().parts) gauge.set({ part: name }, state === 'up' ? 1 : 0);
  });
}

import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** The metrics of this service. */
export const metricsCatalogue = defineMetrics({
  proxiedSeconds: {
    type: 'histogram',
    name: 'tidings_console_proxied_seconds',
    help: 'Time of a request that was passed on, by service and outcome: a status class, or aborted.',
    labels: ['target', 'outcome'],
    buckets: latencyBuckets,
  },
});

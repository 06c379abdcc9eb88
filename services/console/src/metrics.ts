import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** The metrics of this service. */
export const metricsCatalogue = defineMetrics({
  proxiedSeconds: {
    type: 'histogram',
    name: 'tidings_console_proxied_seconds',
    help: 'Duration of a forwarded request, by service and outcome: a status class, or aborted.',
    labels: ['target', 'outcome'],
    buckets: latencyBuckets,
  },
});

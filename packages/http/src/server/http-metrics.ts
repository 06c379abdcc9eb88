import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Metrics of every service with an HTTP server. */
export const httpMetrics = defineMetrics({
  requestSeconds: {
    type: 'histogram',
    name: 'tidings_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer, by route pattern and status class.',
    labels: ['method', 'route', 'status'],
    buckets: latencyBuckets,
  },
  rateLimited: {
    type: 'counter',
    name: 'tidings_http_rate_limited_total',
    help: 'Requests that were refused with 429 because their key, or the service, had too many, by route pattern.',
    labels: ['route'],
  },
  openRequests: {
    type: 'gauge',
    name: 'tidings_http_open_requests',
    help: 'Requests that have begun and are not answered yet.',
    action: 'Grows: requests come faster than they are answered.',
    labels: [],
  },
});

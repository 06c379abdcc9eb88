import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Metrics of every service with an HTTP server. */
export const httpMetrics = defineMetrics({
  requestSeconds: {
    type: 'histogram',
    name: 'tidings_http_request_seconds',
    help: 'Time from the head of a request to the end of its response, by route pattern and status class.',
    labels: ['method', 'route', 'status'],
    buckets: latencyBuckets,
  },
  rateLimited: {
    type: 'counter',
    name: 'tidings_http_rate_limited_total',
    help: 'Requests refused with 429 because their key or the service exceeded its rate limit, by route pattern.',
    labels: ['route'],
  },
  openRequests: {
    type: 'gauge',
    name: 'tidings_http_open_requests',
    help: 'Requests in progress.',
    action: 'Grows: requests arrive faster than they are processed.',
    labels: [],
  },
});

import { defineMetrics } from '@tidings/observability';

/** Metrics of key checks, in every service that makes them. */
export const accessMetrics = defineMetrics({
  refused: {
    type: 'counter',
    name: 'tidings_access_refused_total',
    help: 'Requests with a key or token that was not let in, by why.',
    labels: ['reason'],
  },
  keys: {
    type: 'gauge',
    name: 'tidings_access_keys',
    help: 'API keys in the access table that are active.',
    labels: [],
  },
});

import { defineMetrics } from '@tidings/observability';

/** Metrics of key checks, in every service that makes them. */
export const accessMetrics = defineMetrics({
  refused: {
    type: 'counter',
    name: 'tidings_access_refused_total',
    help: 'Requests with a key or token that was refused, by reason.',
    labels: ['reason'],
  },
  keys: {
    type: 'gauge',
    name: 'tidings_access_keys',
    help: 'Active API keys in the access table.',
    labels: [],
  },
  keysExpiring: {
    type: 'gauge',
    name: 'tidings_access_keys_expiring',
    help: 'Active API keys that expire within 7 days.',
    action: 'Tell their owners, or replace them: tidings api-keys list has expires_at.',
    labels: [],
  },
});

import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** All metrics of fan-out besides those of HTTP and Kafka. */
export const metricsCatalogue = defineMetrics({
  events: {
    type: 'counter',
    name: 'tidings_fanout_events_total',
    help: 'Events by outcome: fanned-out, unmatched, repeat (dropped), undecodable or idempotency-conflict (to dead-letters).',
    action: 'idempotency-conflict: a caller uses one key for two events; the dead letters name them.',
    labels: ['outcome'],
  },
  deliveriesRequested: {
    type: 'counter',
    name: 'tidings_fanout_deliveries_requested_total',
    help: 'Commands written, by the state of their subscription: active or disabled.',
    labels: ['subscription'],
  },
  filterFailures: {
    type: 'counter',
    name: 'tidings_fanout_filter_failures_total',
    help: 'Filters that threw on an event and therefore matched nothing.',
    action: 'Any: a defect in the filter language; the log names the subscription.',
    labels: [],
  },
  matches: {
    type: 'histogram',
    name: 'tidings_fanout_matches',
    help: 'Subscriptions that one event matched.',
    labels: [],
    buckets: [0, 1, 2, 5, 10, 25, 50, 100, 1_000, 10_000],
  },
  eventAgeSeconds: {
    type: 'histogram',
    name: 'tidings_fanout_event_age_seconds',
    help: 'From the time of an event in the log until its last command was acknowledged.',
    labels: [],
    buckets: [...latencyBuckets, 60, 600, 3_600],
  },
  subscriptions: {
    type: 'gauge',
    name: 'tidings_fanout_subscriptions',
    help: 'Subscriptions in the match index, disabled ones included.',
    labels: [],
  },
  remembered: {
    type: 'gauge',
    name: 'tidings_fanout_remembered_events',
    help: 'Events in the deduplication windows of this instance.',
    labels: [],
  },
  replays: {
    type: 'gauge',
    name: 'tidings_fanout_replays',
    help: 'Replays that this instance is carrying out.',
    labels: [],
  },
  replayed: {
    type: 'counter',
    name: 'tidings_fanout_replayed_total',
    help: 'Commands that replays have written.',
    labels: [],
  },
  refillSeconds: {
    type: 'histogram',
    name: 'tidings_fanout_refill_seconds',
    help: 'Duration of refilling the deduplication window of an assigned partition from the log.',
    action: 'Long: new events of a partition wait for it after each rebalance. Avoid restarts under load.',
    labels: [],
    buckets: [...latencyBuckets, 30, 60],
  },
});

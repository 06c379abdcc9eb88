import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Everything this service counts. */
export const metricsCatalogue = defineMetrics({
  writes: {
    type: 'counter',
    name: 'tidings_subscription_writes_total',
    help: 'Versions written to the registry, by what wrote them.',
    labels: ['operation'],
  },
  writeConflicts: {
    type: 'counter',
    name: 'tidings_subscription_write_conflicts_total',
    help: 'Writes that lost a race for a version and were tried again or refused.',
    labels: [],
  },
  answersReplayed: {
    type: 'counter',
    name: 'tidings_subscription_answers_replayed_total',
    help: 'POSTs that were answered from the memory of their Idempotency-Key.',
    labels: [],
  },
  publishSeconds: {
    type: 'histogram',
    name: 'tidings_subscription_publish_seconds',
    help: 'Time from handing a version to the producer to its acknowledgement, or to giving up for now.',
    labels: ['outcome'],
    buckets: latencyBuckets,
  },
  published: {
    type: 'counter',
    name: 'tidings_subscription_published_total',
    help: 'Records that the subscriptions topic acknowledged, by why they were published.',
    labels: ['cause'],
  },
  unpublished: {
    type: 'gauge',
    name: 'tidings_subscription_unpublished_versions',
    help: 'Versions in the registry that the topic had not acknowledged at the last sweep.',
    labels: [],
  },
  differences: {
    type: 'counter',
    name: 'tidings_subscription_topic_differences_total',
    help: 'Subscriptions that differed between registry and topic, by how.',
    labels: ['kind'],
  },
  subscriptions: {
    type: 'gauge',
    name: 'tidings_subscription_subscriptions',
    help: 'Subscriptions in the registry by state, as of the last comparison with the topic.',
    labels: ['state'],
  },
  attemptsCounted: {
    type: 'counter',
    name: 'tidings_subscription_attempts_counted_total',
    help: 'Attempts that were counted into the health of their endpoint.',
    labels: [],
  },
  unreadable: {
    type: 'counter',
    name: 'tidings_subscription_unreadable_documents_total',
    help: 'Documents that were left out because they did not pass their schema.',
    labels: [],
  },
  housekeeping: {
    type: 'histogram',
    name: 'tidings_subscription_housekeeping_seconds',
    help: 'Duration of one turn of recurring work.',
    labels: ['work', 'outcome'],
    buckets: latencyBuckets,
  },
});

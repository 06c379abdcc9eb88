import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Metrics of the subscription service. */
export const metricsCatalogue = defineMetrics({
  writes: {
    type: 'counter',
    name: 'tidings_subscription_writes_total',
    help: 'Versions written to the registry, by kind of document and by what wrote them.',
    labels: ['kind', 'operation'],
  },
  writeConflicts: {
    type: 'counter',
    name: 'tidings_subscription_write_conflicts_total',
    help: 'Writes that lost a race for a version and were tried again or refused.',
    action: 'Often: two clients change the same subscription.',
    labels: [],
  },
  responsesReplayed: {
    type: 'counter',
    name: 'tidings_subscription_answers_replayed_total',
    help: 'POSTs that got the stored answer of their Idempotency-Key.',
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
    help: 'Records that their topic acknowledged, by kind of document and by why they were published.',
    labels: ['kind', 'cause'],
  },
  unpublished: {
    type: 'gauge',
    name: 'tidings_subscription_unpublished_versions',
    help: 'Versions in the registry that their topic had not acknowledged at the last sweep, by kind of document.',
    action: 'Above 0 for minutes: changes are not in force yet because Kafka does not take them.',
    labels: ['kind'],
  },
  differences: {
    type: 'counter',
    name: 'tidings_subscription_topic_differences_total',
    help: 'Documents that differed between registry and topic, by kind and by how.',
    action:
      'Any: registry and topic had drifted apart and were put right. Often: look for two instances with stalled clocks.',
    labels: ['kind', 'how'],
  },
  documents: {
    type: 'gauge',
    name: 'tidings_subscription_documents',
    help: 'Documents in the registry by kind and state, as of the last comparison with the topic.',
    labels: ['kind', 'state'],
  },
  seenTypes: {
    type: 'counter',
    name: 'tidings_subscription_seen_event_types_total',
    help: 'Names that came up by themselves, by what became of them: drafted, known already, or refused (unregistrable, strict, full).',
    action:
      'Often full: a workspace publishes under more names than it may have drafts. Register them, or make them fewer.',
    labels: ['outcome'],
  },
  attemptsCounted: {
    type: 'counter',
    name: 'tidings_subscription_attempts_counted_total',
    help: 'Attempts that were counted into the health of their endpoint.',
    labels: [],
  },
  transitions: {
    type: 'counter',
    name: 'tidings_subscription_operational_events_total',
    help: 'Operational events that were raised, by type.',
    labels: ['type'],
  },
  notices: {
    type: 'counter',
    name: 'tidings_subscription_notices_total',
    help: 'Notices to the URL of a workspace: sent, failed (after the last retry) or dropped (too many waited).',
    labels: ['outcome'],
  },
  unreadable: {
    type: 'counter',
    name: 'tidings_subscription_unreadable_documents_total',
    help: 'Documents that were left out because they did not pass their schema, by kind.',
    labels: ['kind'],
  },
  maintenance: {
    type: 'histogram',
    name: 'tidings_subscription_housekeeping_seconds',
    help: 'Duration of one turn of recurring work.',
    labels: ['work', 'outcome'],
    buckets: latencyBuckets,
  },
});

import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Metrics of the subscription service. */
export const metricsCatalogue = defineMetrics({
  writes: {
    type: 'counter',
    name: 'tidings_subscription_writes_total',
    help: 'Versions written to the registry, by kind of document and operation.',
    labels: ['kind', 'operation'],
  },
  writeConflicts: {
    type: 'counter',
    name: 'tidings_subscription_write_conflicts_total',
    help: 'Writes that were retried or rejected because another write created the version first.',
    action: 'Often: two clients change the same document.',
    labels: [],
  },
  responsesReplayed: {
    type: 'counter',
    name: 'tidings_subscription_answers_replayed_total',
    help: 'POST requests that received the stored response of their Idempotency-Key.',
    labels: [],
  },
  publishSeconds: {
    type: 'histogram',
    name: 'tidings_subscription_publish_seconds',
    help: 'Time from passing a version to the producer until its acknowledgement or its failure.',
    labels: ['outcome'],
    buckets: latencyBuckets,
  },
  published: {
    type: 'counter',
    name: 'tidings_subscription_published_total',
    help: 'Records acknowledged by their topic, by kind of document and reason of the publish.',
    labels: ['kind', 'cause'],
  },
  unpublished: {
    type: 'gauge',
    name: 'tidings_subscription_unpublished_versions',
    help: 'Versions in the registry that their topic had not acknowledged at the last sweep, by kind of document.',
    action: 'Above 0 for minutes: Kafka does not accept records, so changes are not propagated.',
    labels: ['kind'],
  },
  differences: {
    type: 'counter',
    name: 'tidings_subscription_topic_differences_total',
    help: 'Documents that differed between registry and topic, by kind of document and of difference.',
    action:
      'Any: registry and topic differed and were repaired. Often: check for two instances with stalled clocks.',
    labels: ['kind', 'how'],
  },
  documents: {
    type: 'gauge',
    name: 'tidings_subscription_documents',
    help: 'Documents in the registry by kind and state, as of the last comparison with the topic.',
    labels: ['kind', 'state'],
  },
  certificates: {
    type: 'gauge',
    name: 'tidings_subscription_certificates',
    help: 'Certificates in the TLS settings of enabled subscriptions, by use (client, authority) and state: valid, expiring (within 14 days) or expired; counted hourly.',
    action:
      'expiring: tell the owner of the subscription, which the log line certificate.expiring names. expired: its deliveries fail with the reason tls.',
    labels: ['use', 'state'],
  },
  seenTypes: {
    type: 'counter',
    name: 'tidings_subscription_seen_event_types_total',
    help: 'Unregistered names in events and subscriptions, by result: drafted, already known, or rejected (unregistrable, strict, full).',
    action:
      'Often full: a workspace publishes more unregistered names than its maximum number of drafts. Register the names, or publish fewer.',
    labels: ['outcome'],
  },
  attemptsCounted: {
    type: 'counter',
    name: 'tidings_subscription_attempts_counted_total',
    help: 'Attempts counted for endpoint health.',
    labels: [],
  },
  transitions: {
    type: 'counter',
    name: 'tidings_subscription_operational_events_total',
    help: 'Operational events published, by type.',
    labels: ['type'],
  },
  notices: {
    type: 'counter',
    name: 'tidings_subscription_notices_total',
    help: 'Notices to the URL of a workspace: sent, failed (after the last retry) or dropped (queue full).',
    labels: ['outcome'],
  },
  unreadable: {
    type: 'counter',
    name: 'tidings_subscription_unreadable_documents_total',
    help: 'Documents omitted from lists because they do not match their schema, by kind.',
    labels: ['kind'],
  },
  maintenance: {
    type: 'histogram',
    name: 'tidings_subscription_housekeeping_seconds',
    help: 'Duration of one run of a periodic task.',
    labels: ['work', 'outcome'],
    buckets: latencyBuckets,
  },
});

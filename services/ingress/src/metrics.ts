import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** All metrics of ingress besides those of HTTP and Kafka. */
export const metricsCatalogue = defineMetrics({
  events: {
    type: 'counter',
    name: 'tidings_ingress_events_total',
    help: 'Submitted events, by outcome: accepted, invalid (4xx), loop (508), unavailable (503: may be in the log) or failed.',
    action: 'unavailable: Kafka does not acknowledge. failed: a defect; check the log.',
    labels: ['outcome'],
  },
  eventTypeChecks: {
    type: 'counter',
    name: 'tidings_ingress_event_type_checks_total',
    help: 'Events validated against their type, by result: valid, invalid (rejected), warned, unknown, archived, unaddressed. Types without a schema are not counted.',
    labels: ['verdict'],
  },
  unusableEventTypes: {
    type: 'gauge',
    name: 'tidings_ingress_unusable_event_types',
    help: 'Event types whose record or schema cannot be used: their events are not validated. See the log.',
    labels: [],
  },
  webhooks: {
    type: 'counter',
    name: 'tidings_ingress_webhooks_total',
    help: 'Webhooks that sources received, by provider and outcome: accepted, checked (a challenge), empty (a list without items), too-large, unavailable, failed, or the reason of a refusal: of the signature, content-type, incomplete (the body ended early), overloaded (too many bodies at once).',
    action:
      'no-matching-signature: a secret differs from that of the provider, or a proxy changes the body. unavailable: Kafka does not acknowledge; some providers do not repeat.',
    labels: ['provider', 'outcome'],
  },
  receivedEvents: {
    type: 'counter',
    name: 'tidings_ingress_received_events_total',
    help: 'Events of accepted webhooks, repeats included.',
    labels: ['provider'],
  },
  receivedFacts: {
    type: 'counter',
    name: 'tidings_ingress_received_facts_total',
    help: 'Entries of the log of what sources received: written, or dropped because Kafka did not acknowledge them or too many waited. Refusals of a source for one reason within a second are one.',
    action: 'dropped: the list of what a source received has gaps; no event is lost.',
    labels: ['outcome'],
  },
  acceptedBytes: {
    type: 'counter',
    name: 'tidings_ingress_accepted_bytes_total',
    help: 'Bytes of the data of accepted events.',
    labels: [],
  },
  publishSeconds: {
    type: 'histogram',
    name: 'tidings_ingress_publish_seconds',
    help: 'Time from publishing an event, or a whole batch, until all in-sync replicas had it or the deadline passed.',
    action: 'Slow: check the brokers; callers wait for them.',
    labels: ['outcome'],
    buckets: latencyBuckets,
  },
  spooledEvents: {
    type: 'counter',
    name: 'tidings_ingress_spooled_events_total',
    help: 'Events that were put on the local disk because the log did not acknowledge.',
    action: 'Check the brokers.',
    labels: [],
  },
  drainedEvents: {
    type: 'counter',
    name: 'tidings_ingress_spool_drained_events_total',
    help: 'Events of the spool that the log has acknowledged.',
    labels: [],
  },
  spoolRefused: {
    type: 'counter',
    name: 'tidings_ingress_spool_refused_total',
    help: 'Requests that were answered 503 because the spool could not take them, by reason: full (its maximum) or disk (a fault of the file system).',
    action: 'full: bring the brokers back, or raise INGRESS_SPOOL_MAX_BYTES. disk: see the log.',
    labels: ['reason'],
  },
  badSpoolRecords: {
    type: 'counter',
    name: 'tidings_ingress_spool_bad_records_total',
    help: 'Pieces of the spool that were kept aside as .bad files: damaged on the disk, or refused by the log.',
    action: 'Events may be lost. See docs/spool.md.',
    labels: [],
  },
  spoolRecords: {
    type: 'gauge',
    name: 'tidings_ingress_spool_records',
    help: 'Events that wait in the spool.',
    labels: [],
  },
  spoolBytes: {
    type: 'gauge',
    name: 'tidings_ingress_spool_bytes',
    help: 'Bytes of the files of the spool.',
    labels: [],
  },
  spoolOldestAge: {
    type: 'gauge',
    name: 'tidings_ingress_spool_oldest_age_seconds',
    help: 'Time since the oldest event of the spool was accepted; 0 if it is empty.',
    action: 'Grows while the log is away. Grows although it is there: see the lines spool.drain-failed.',
    labels: [],
  },
  batchEvents: {
    type: 'histogram',
    name: 'tidings_ingress_batch_events',
    help: 'Events in one batch request.',
    labels: [],
    buckets: [1, 5, 10, 25, 50, 100, 250, 500, 1_000],
  },
});

import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** The metrics of this service besides those of HTTP and Kafka. */
export const metricsCatalogue = defineMetrics({
  deliveries: {
    type: 'counter',
    name: 'tidings_history_deliveries_total',
    help: 'Deliveries written, by outcome: inserted, updated, or unchanged (already stored).',
    labels: ['outcome'],
  },
  batchRecords: {
    type: 'histogram',
    name: 'tidings_history_batch_records',
    help: 'Attempts in one write.',
    labels: [],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000],
  },
  writeSeconds: {
    type: 'histogram',
    name: 'tidings_history_write_seconds',
    help: 'Duration of writing one batch, including all its reads and writes, by outcome: ok, or failed and repeated.',
    action: 'Failures: MongoDB is unavailable; nothing is lost. Slow: check MongoDB.',
    labels: ['outcome'],
    buckets: latencyBuckets,
  },
  mongoSeconds: {
    type: 'histogram',
    name: 'tidings_history_mongo_seconds',
    help: 'Duration of one MongoDB operation.',
    labels: ['operation', 'outcome'],
    buckets: latencyBuckets,
  },
  attemptAgeSeconds: {
    type: 'histogram',
    name: 'tidings_history_attempt_age_seconds',
    help: 'From the time of an attempt in the log until it could be read here, by the oldest of each batch.',
    action: 'Rising: the API shows old data. Check MongoDB, or add instances.',
    labels: [],
    buckets: [...latencyBuckets, 60, 600, 3_600],
  },
  waiting: {
    type: 'gauge',
    name: 'tidings_history_waiting_attempts',
    help: 'Attempts that were read and are not written yet.',
    labels: [],
  },
  purged: {
    type: 'counter',
    name: 'tidings_history_purged_total',
    help: 'Deliveries removed because their retention had passed.',
    labels: [],
  },
  statisticsDocuments: {
    type: 'counter',
    name: 'tidings_history_statistics_documents_total',
    help: 'Buckets of the statistics that were changed, by outcome: written, or conflict (another instance was first, and it was repeated).',
    labels: ['outcome'],
  },
  statisticsSeconds: {
    type: 'histogram',
    name: 'tidings_history_statistics_write_seconds',
    help: 'Duration of adding one batch to the statistics, by outcome: ok, or failed and repeated.',
    action: 'Failures: MongoDB is unavailable; nothing is lost.',
    labels: ['outcome'],
    buckets: latencyBuckets,
  },
  answersReplayed: {
    type: 'counter',
    name: 'tidings_history_answers_replayed_total',
    help: 'POSTs that got the stored response of their Idempotency-Key.',
    labels: [],
  },
  deadLetters: {
    type: 'counter',
    name: 'tidings_history_dead_letters_total',
    help: 'Dead letters that were stored, by kind and reason.',
    labels: ['kind', 'reason'],
  },
  deadLettersWaiting: {
    type: 'gauge',
    name: 'tidings_history_dead_letters_waiting',
    help: 'Dead letters of all workspaces that wait or are being redriven, counted every 30 s; every instance reports the same.',
    action:
      'Growing: check the reasons. `disabled` is redriven when the subscription is enabled; see docs/dead-letters.md.',
    labels: ['kind', 'reason'],
  },
  deadLettersOldestSeconds: {
    type: 'gauge',
    name: 'tidings_history_dead_letters_oldest_seconds',
    help: 'Age of the oldest of them; 0 if there is none.',
    labels: ['kind', 'reason'],
  },
  jobs: {
    type: 'gauge',
    name: 'tidings_history_jobs',
    help: 'Jobs of all workspaces that have not ended, by kind and state, counted every 30 s; every instance reports the same.',
    action: '`queued` for long: no instance runs jobs of this kind; check /ready.',
    labels: ['kind', 'state'],
  },
  jobItems: {
    type: 'counter',
    name: 'tidings_history_job_items_total',
    help: 'Units that jobs have processed here, by kind and outcome: of a redrive redriven, found delivered, skipped or failed.',
    action: 'failed: the log event job.batch-failed has the reason. skipped: the subscription is not active.',
    labels: ['kind', 'outcome'],
  },
});

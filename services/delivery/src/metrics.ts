import { defineMetrics, latencyBuckets, type Metrics } from '@tidings/observability';

const ageBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** All metrics of the delivery service. No label contains an endpoint, a subscription or a workspace. */
export const metricsCatalogue = defineMetrics({
  attempts: {
    type: 'counter',
    name: 'tidings_delivery_attempts_total',
    help: 'Attempts recorded, by outcome: delivered, or the reason of the failure.',
    action:
      'A rising share of one reason over many endpoints points at this side: dns and blocked-address at the resolver, timeout at CPU or network.',
    labels: ['outcome'],
  },
  attemptSeconds: {
    type: 'histogram',
    name: 'tidings_delivery_attempt_phase_seconds',
    help: 'Phases of a request: dns, connect, tls (not on a reused socket), first_byte, body (from the header to the last byte read), total.',
    action:
      'dns or connect slow for all: look at resolver and network. first_byte or body slow: the endpoints are.',
    labels: ['phase'],
    buckets: latencyBuckets,
  },
  acceptToFirstAttempt: {
    type: 'histogram',
    name: 'tidings_delivery_accept_to_first_attempt_seconds',
    help: 'From the acceptance of an event to the first request for it.',
    action:
      'Above its usual value: look where it waits, lag of fanout, lag of delivery, queued commands, in this order.',
    labels: [],
    buckets: ageBuckets,
  },
  endings: {
    type: 'counter',
    name: 'tidings_delivery_endings_total',
    help: 'Deliveries that ended here: delivered, suppressed, or dead-lettered with the reason.',
    action: 'Dead-lettered: tell the owners, redrive when their endpoints are back.',
    labels: ['ending'],
  },
  retriesScheduled: {
    type: 'counter',
    name: 'tidings_delivery_retries_scheduled_total',
    help: 'Failed attempts that are followed by another one.',
    labels: [],
  },
  repeatsInPlace: {
    type: 'counter',
    name: 'tidings_delivery_repeats_in_place_total',
    help: 'Requests sent again at once because the endpoint had closed the idle socket.',
    labels: [],
  },
  duplicates: {
    type: 'counter',
    name: 'tidings_delivery_duplicates_dropped_total',
    help: 'Commands not sent again: in_flight joined a copy that was being worked on, finished came after it.',
    action: 'Some after a restart are normal; a steady rate means commits fail.',
    labels: ['kind'],
  },
  blocked: {
    type: 'counter',
    name: 'tidings_delivery_blocked_addresses_total',
    help: 'Requests refused because the address is not public and not allowed by an operator.',
    action:
      'Any: somebody subscribed an address inside, or a name turned to one. The attempts in the API say which subscription.',
    labels: [],
  },
  hops: {
    type: 'counter',
    name: 'tidings_delivery_hops_total',
    help: 'Commands put on the ladder without an attempt: wait (not due yet), unknown (subscription not known yet).',
    labels: ['kind'],
  },
  deferrals: {
    type: 'counter',
    name: 'tidings_delivery_spills_total',
    help: 'Due commands put on the ladder without an attempt, by what kept them from being sent.',
    action:
      'queue-full for long: the endpoint is slower than its events come; raise its max_in_flight, or add instances.',
    labels: ['reason'],
  },
  deferred: {
    type: 'gauge',
    name: 'tidings_delivery_spilled_commands',
    help: 'Commands spilled by this process that are not back yet.',
    labels: [],
  },
  persisted: {
    type: 'counter',
    name: 'tidings_delivery_parked_total',
    help: 'Commands of ordered subscriptions that were written to the changelog to wait behind an earlier one.',
    labels: [],
  },
  restored: {
    type: 'counter',
    name: 'tidings_delivery_restored_entries_total',
    help: 'Entries read from the changelog of ordered subscriptions when partitions were assigned.',
    labels: [],
  },
  orderedQueues: {
    type: 'gauge',
    name: 'tidings_delivery_order_lines',
    help: 'Lines of ordered subscriptions with a command in them.',
    labels: [],
  },
  orderedCommands: {
    type: 'gauge',
    name: 'tidings_delivery_order_line_commands',
    help: 'Commands in lines of ordered subscriptions, heads included.',
    labels: [],
  },
  cachedBodyBytes: {
    type: 'gauge',
    name: 'tidings_delivery_held_body_bytes',
    help: 'Bodies kept in memory of commands that have an entry in the changelog.',
    labels: [],
  },
  breakers: {
    type: 'gauge',
    name: 'tidings_delivery_breakers',
    help: 'Endpoints that were in use lately, by the state of their breaker.',
    action: 'Many open at once: the network of this side rather than the endpoints.',
    labels: ['state'],
  },
  breakerChanges: {
    type: 'counter',
    name: 'tidings_delivery_breaker_changes_total',
    help: 'Breakers that changed their state after a request, by the new state.',
    labels: ['state'],
  },
  remembered: {
    type: 'gauge',
    name: 'tidings_delivery_remembered_chains',
    help: 'Chains whose finished attempts are remembered, to drop copies of their commands.',
    labels: [],
  },
  queued: {
    type: 'gauge',
    name: 'tidings_delivery_queued_commands',
    help: 'Commands due and waiting in memory for their turn.',
    action: 'Stays high: endpoints are slower than events come, or the process is out of CPU.',
    labels: [],
  },
  queuedBytes: {
    type: 'gauge',
    name: 'tidings_delivery_queued_bytes',
    help: 'Size of the commands that wait in memory for their turn.',
    labels: [],
  },
  delayed: {
    type: 'gauge',
    name: 'tidings_delivery_held_commands',
    help: 'Commands in memory that are due within a second.',
    labels: [],
  },
  inFlight: {
    type: 'gauge',
    name: 'tidings_delivery_requests_in_flight',
    help: 'Requests under way.',
    action: 'At its cap (DELIVERY_CONCURRENCY) for long: raise it or add instances.',
    labels: [],
  },
  unrecorded: {
    type: 'gauge',
    name: 'tidings_delivery_unrecorded_attempts',
    help: 'Requests that have ended and are being recorded.',
    action: 'Grows: Kafka does not take the records. Look at the kafka metrics.',
    labels: [],
  },
  queues: {
    type: 'gauge',
    name: 'tidings_delivery_subscriptions_in_memory',
    help: 'Subscriptions with a queue in memory, empty ones included.',
    labels: [],
  },
  rungAge: {
    type: 'gauge',
    name: 'tidings_delivery_rung_oldest_age_seconds',
    help: 'Age of the oldest command on a rung; above the rung it is overdue.',
    action: "More than a minute above the rung's delay: its relay stands. Look at /ready and the log.",
    labels: ['rung'],
  },
  rungDue: {
    type: 'gauge',
    name: 'tidings_delivery_rung_due_commands',
    help: 'Commands on a rung that are due and not sent on yet, counted every 30 s over the partitions of this instance.',
    action:
      'Stays high: more comes due than the relay moves on. Look at the kafka metrics, or add instances.',
    labels: ['rung'],
  },
});

/** The metrics of a running service. */
export type DeliveryMetrics = Metrics<typeof metricsCatalogue>['handles'];

import { defineMetrics, latencyBuckets, type Metrics } from '@tidings/observability';

const ageBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** All metrics of the delivery service. No label contains an endpoint, a subscription or a workspace. */
export const metricsCatalogue = defineMetrics({
  attempts: {
    type: 'counter',
    name: 'tidings_delivery_attempts_total',
    help: 'Attempts recorded, by outcome: delivered, or the reason of the failure.',
    action:
      'A rising share of one reason over many endpoints indicates a fault of this installation: dns and blocked-address of the resolver, timeout of CPU or network.',
    labels: ['outcome'],
  },
  attemptSeconds: {
    type: 'histogram',
    name: 'tidings_delivery_attempt_phase_seconds',
    help: 'Phases of a request: dns, connect, tls (not on a reused socket), first_byte, body (from the header to the last byte read), total. A phase in which the request failed counts until the failure.',
    action:
      'dns or connect slow for all: check resolver and network. first_byte or body slow: the endpoints are slow.',
    labels: ['phase'],
    buckets: latencyBuckets,
  },
  acceptToFirstAttempt: {
    type: 'histogram',
    name: 'tidings_delivery_accept_to_first_attempt_seconds',
    help: 'From the acceptance of an event to the first request for it, by path: direct, or deferred (its endpoint was failing or its queue full, so the command waited on the ladder).',
    action:
      'direct, above its usual value: check lag of fanout, lag of delivery and queued commands, in this order.',
    labels: ['path'],
    buckets: ageBuckets,
  },
  endings: {
    type: 'counter',
    name: 'tidings_delivery_endings_total',
    help: 'Deliveries that ended here: delivered, suppressed, or dead-lettered with the reason.',
    action: 'Dead-lettered: inform the owners; redrive when their endpoints have recovered.',
    labels: ['ending'],
  },
  retriesScheduled: {
    type: 'counter',
    name: 'tidings_delivery_retries_scheduled_total',
    help: 'Failed attempts that are followed by another attempt.',
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
    help: 'Commands that were not sent: copies, in_flight while the first was in progress and finished after it, and those superseded by a retry.',
    action: 'Some after a restart are normal; a steady rate means commits fail.',
    labels: ['kind'],
  },
  blocked: {
    type: 'counter',
    name: 'tidings_delivery_blocked_addresses_total',
    help: 'Requests refused because the address is not public and not allowed by an operator.',
    action:
      'Any: a subscription has an internal address, or its name resolves to one. The attempts in the API name it.',
    labels: [],
  },
  hops: {
    type: 'counter',
    name: 'tidings_delivery_hops_total',
    help: 'Commands written to the ladder without an attempt: wait (not due yet), unknown (subscription not known yet).',
    labels: ['kind'],
  },
  deferrals: {
    type: 'counter',
    name: 'tidings_delivery_spills_total',
    help: 'Due commands deferred to the ladder without an attempt, by reason.',
    action:
      'queue-full for long: events arrive faster than the endpoint accepts them; raise its max_in_flight, or add instances.',
    labels: ['reason'],
  },
  deferred: {
    type: 'gauge',
    name: 'tidings_delivery_spilled_commands',
    help: 'Commands deferred by this process that have not returned yet.',
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
    help: 'Ordered queues with a command in them.',
    labels: [],
  },
  orderedCommands: {
    type: 'gauge',
    name: 'tidings_delivery_order_line_commands',
    help: 'Commands in ordered queues, heads included.',
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
    help: 'Recently used endpoints, by the state of their circuit breaker.',
    action: 'Many open at once: check the network of this installation before the endpoints.',
    labels: ['state'],
  },
  breakerChanges: {
    type: 'counter',
    name: 'tidings_delivery_breaker_changes_total',
    help: 'Circuit breakers that changed their state after a request, by the new state.',
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
    help: 'Due commands that wait in memory.',
    action:
      'Stays high: events arrive faster than the endpoints accept them, or the process has too little CPU.',
    labels: [],
  },
  queuedBytes: {
    type: 'gauge',
    name: 'tidings_delivery_queued_bytes',
    help: 'Size of the due commands that wait in memory.',
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
    help: 'Requests in flight.',
    action: 'At its cap (DELIVERY_CONCURRENCY) for long: raise it or add instances.',
    labels: [],
  },
  unrecorded: {
    type: 'gauge',
    name: 'tidings_delivery_unrecorded_attempts',
    help: 'Requests that have ended and are being recorded.',
    action: 'Grows: Kafka does not accept the records. Check the kafka metrics.',
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
    help: 'Age of the oldest command on a rung; above the delay of the rung it is overdue.',
    action: "More than a minute above the rung's delay: its relay has stopped. Check /ready and the log.",
    labels: ['rung'],
  },
  rungOverdue: {
    type: 'gauge',
    name: 'tidings_delivery_rung_overdue_seconds',
    help: 'Time by which the oldest command on a rung is overdue; 0 while none is.',
    action: 'More than a minute: the relay of the rung has stopped. Check /ready and the log.',
    labels: ['rung'],
  },
  rungDue: {
    type: 'gauge',
    name: 'tidings_delivery_rung_due_commands',
    help: 'Commands on a rung that are due and not forwarded yet, counted every 30 s over the partitions of this instance.',
    action:
      'Stays high: more commands become due than the relay forwards. Check the kafka metrics, or add instances.',
    labels: ['rung'],
  },
});

/** The metrics of a running service. */
export type DeliveryMetrics = Metrics<typeof metricsCatalogue>['handles'];

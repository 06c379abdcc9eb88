import { type DashboardSpec, lines, p99By, rate, rateBy } from './dashboard.ts';

export const delivery: DashboardSpec = {
  name: 'delivery',
  title: 'delivery',
  rows: [
    {
      title: 'Send',
      panels: [
        lines(
          ['Attempts by outcome', 'ops'],
          'One reason over many endpoints is a fault of this installation.',
          rateBy('outcome', 'tidings_delivery_attempts_total'),
        ),
        lines(
          ['Deliveries by ending', 'ops'],
          'Other endings than delivered: inform the owners.',
          rateBy('ending', 'tidings_delivery_endings_total'),
        ),
        lines(
          ['In memory', 'short'],
          'queued stays high: endpoints accept less than arrives, or too little CPU.',
          ['sum(tidings_delivery_queued_commands)', 'queued'],
          ['sum(tidings_delivery_requests_in_flight)', 'in flight'],
          ['sum(tidings_delivery_held_commands)', 'delayed'],
          ['sum(tidings_delivery_unrecorded_attempts)', 'being recorded'],
        ),
        lines(['Lag', 'short'], 'Records that are not done.', [
          'sum(tidings_kafka_lag_records{group=~".*-delivery"})',
          'records',
        ]),
        lines(
          ['Duplicates dropped', 'ops'],
          'Some after a restart are normal.',
          rateBy('kind', 'tidings_delivery_duplicates_dropped_total'),
        ),
        lines(['Repeats in place', 'ops'], 'The endpoint had closed the idle socket.', [
          `sum(${rate('tidings_delivery_repeats_in_place_total')})`,
          'repeats',
        ]),
      ],
    },
    {
      title: 'Retry and defer',
      panels: [
        lines(['Retry ladder', 's'], 'Age of the oldest command on each rung.', [
          'max by (rung) (tidings_delivery_rung_oldest_age_seconds)',
          '{{rung}}',
        ]),
        lines(['Due on the ladder', 'short'], 'Due and not forwarded, counted every 30 s.', [
          'sum by (rung) (tidings_delivery_rung_due_commands)',
          '{{rung}}',
        ]),
        lines(
          ['Deferrals', 'ops'],
          'Commands that were deferred without an attempt, by reason.',
          rateBy('reason', 'tidings_delivery_spills_total'),
        ),
        lines(['Deferred commands', 'short'], 'That have not returned yet.', [
          'sum(tidings_delivery_spilled_commands)',
          'commands',
        ]),
        lines(
          ['Hops', 'ops'],
          'Written to the ladder again, because they are not due.',
          rateBy('kind', 'tidings_delivery_hops_total'),
        ),
      ],
    },
    {
      title: 'Order',
      panels: [
        lines(
          ['Ordered queues', 'short'],
          'Queues, and commands in them.',
          ['sum(tidings_delivery_order_lines)', 'queues'],
          ['sum(tidings_delivery_order_line_commands)', 'commands'],
        ),
        lines(
          ['Parked and restored', 'ops'],
          'Written to the changelog; read from it after a rebalance.',
          [`sum(${rate('tidings_delivery_parked_total')})`, 'parked'],
          [`sum(${rate('tidings_delivery_restored_entries_total')})`, 'restored'],
        ),
        lines(
          ['Bodies in memory', 'bytes'],
          'Of ordered and of queued commands.',
          ['sum(tidings_delivery_held_body_bytes)', 'ordered'],
          ['sum(tidings_delivery_queued_bytes)', 'queued'],
        ),
      ],
    },
  ],
};

export const endpoints: DashboardSpec = {
  name: 'endpoints',
  title: 'endpoint health',
  rows: [
    {
      title: 'All endpoints together; single ones are in the console and the API',
      panels: [
        lines(
          ['Circuit breakers', 'short'],
          'Endpoints that were used lately, by state. Many open at once: the network of this installation.',
          ['sum by (state) (tidings_delivery_breakers)', '{{state}}'],
        ),
        lines(
          ['Changes of breakers', 'ops'],
          'By the new state.',
          rateBy('state', 'tidings_delivery_breaker_changes_total'),
        ),
        lines(
          ['Attempts by outcome', 'ops'],
          'dns, timeout, refused, tls over many endpoints: this installation.',
          rateBy('outcome', 'tidings_delivery_attempts_total'),
        ),
        lines(['Failed attempts', 'percentunit'], 'Share of all attempts.', [
          `1 - (sum(${rate('tidings_delivery_attempts_total{outcome="delivered"}')}) or vector(0)) / sum(${rate('tidings_delivery_attempts_total')})`,
          'failed',
        ]),
        lines(
          ['Phases of a request, p99', 's'],
          'dns or connect slow for all: resolver or network.',
          p99By('phase', 'tidings_delivery_attempt_phase_seconds'),
        ),
        lines(
          ['Internal addresses refused', 'ops'],
          'Any: a subscription names an address that is not public.',
          [`sum(${rate('tidings_delivery_blocked_addresses_total')})`, 'requests'],
        ),
        lines(
          ['Operational events', 'ops'],
          'Endpoints that began to fail, recovered or were disabled.',
          rateBy('type', 'tidings_subscription_operational_events_total'),
        ),
        lines(['Subscriptions by state', 'short'], 'As of the last comparison with the topic.', [
          'max by (state) (tidings_subscription_documents{kind="subscription"})',
          '{{state}}',
        ]),
        lines(['Certificates', 'short'], 'In the TLS settings of subscriptions.', [
          'max by (use, state) (tidings_subscription_certificates)',
          '{{use}} {{state}}',
        ]),
      ],
    },
  ],
};

import { type DashboardSpec, lines, percentiles, rate, rateBy } from './dashboard.ts';

export const ingress: DashboardSpec = {
  name: 'ingress',
  title: 'ingress',
  rows: [
    {
      title: 'Publish',
      panels: [
        lines(
          ['Events by outcome', 'ops'],
          'unavailable: Kafka. failed: a defect, see the log. invalid: the caller.',
          rateBy('outcome', 'tidings_ingress_events_total'),
        ),
        lines(
          ['Time to publish', 's'],
          'Until all in-sync replicas had an event.',
          ...percentiles('tidings_ingress_publish_seconds'),
        ),
        lines(
          ['Responses by status', 'ops'],
          'By route and status class.',
          rateBy('route, status', 'tidings_http_request_seconds_count{route=~"/v1/events.*|/v1/sources/.*"}'),
        ),
        lines(
          ['Bytes accepted', 'bytes'],
          'Data of events, and of those in the object storage.',
          [`sum(${rate('tidings_ingress_accepted_bytes_total')})`, 'all'],
          [`sum(${rate('tidings_ingress_large_bytes_total')})`, 'large'],
        ),
        lines(
          ['Checks of event types', 'ops'],
          'Events validated against their type, by verdict.',
          rateBy('verdict', 'tidings_ingress_event_type_checks_total'),
        ),
        lines(
          ['Refused for their rate', 'ops'],
          '429 by route.',
          rateBy('route', 'tidings_http_rate_limited_total'),
        ),
      ],
    },
    {
      title: 'Admission',
      panels: [
        lines(
          ['Refused before their body', 'ops'],
          'sender: 429, one key or source has its share. all: 503, the installation is full.',
          [`sum by (scope) (${rate('tidings_ingress_refused_requests_total')}) or vector(0)`, '{{scope}}'],
        ),
        lines(
          ['Requests in progress', 'short'],
          'And how many may be, as their waits allow.',
          ['sum by (instance) (tidings_ingress_waiting_requests)', '{{instance}}'],
          ['sum by (instance) (tidings_ingress_request_limit)', 'limit {{instance}}'],
        ),
        lines(
          ['Waits', 's'],
          'From the last byte of a request to its answer. Above INGRESS_TARGET_WAIT for many: others are refused.',
          ...percentiles('tidings_ingress_wait_seconds'),
        ),
      ],
    },
    {
      title: 'Sources',
      panels: [
        lines(
          ['Webhooks of sources by outcome', 'ops'],
          'no-matching-signature: secret or body differ.',
          rateBy('provider, outcome', 'tidings_ingress_webhooks_total'),
        ),
        lines(
          ['Events of sources', 'ops'],
          'Repeats included.',
          rateBy('provider', 'tidings_ingress_received_events_total'),
        ),
        lines(
          ['What sources received', 'ops'],
          'Entries of the log of what was received.',
          rateBy('outcome', 'tidings_ingress_received_facts_total'),
        ),
      ],
    },
    {
      title: 'Spool',
      panels: [
        lines(['Spool', 'percentunit'], 'Share of its maximum.', [
          'max by (instance) (tidings_ingress_spool_bytes / tidings_ingress_spool_max_bytes)',
          '{{instance}}',
        ]),
        lines(
          ['Oldest event', 's'],
          'Time since it was accepted. Above 5 minutes: Kafka, or spool.drain-failed in the log.',
          ['max by (instance) (tidings_ingress_spool_oldest_age_seconds)', '{{instance}}'],
        ),
        lines(
          ['In and out', 'ops'],
          'Events put on the disk, drained, and refused.',
          [`sum(${rate('tidings_ingress_spooled_events_total')})`, 'in'],
          [`sum(${rate('tidings_ingress_spool_drained_events_total')})`, 'drained'],
          [`sum(${rate('tidings_ingress_spool_refused_total')}) or vector(0)`, 'refused'],
        ),
      ],
    },
  ],
};

export const fanout: DashboardSpec = {
  name: 'fanout',
  title: 'fanout',
  rows: [
    {
      title: 'Match',
      panels: [
        lines(
          ['Events by outcome', 'ops'],
          'fanned-out, unmatched, repeat; the others are dead letters.',
          rateBy('outcome', 'tidings_fanout_events_total'),
        ),
        lines(['Matches of an event', 'short'], 'Average number of subscriptions.', [
          `sum(${rate('tidings_fanout_matches_sum')}) / sum(${rate('tidings_fanout_matches_count')})`,
          'average',
        ]),
        lines(
          ['Commands written', 'ops'],
          'By the state of their subscription.',
          rateBy('subscription', 'tidings_fanout_deliveries_requested_total'),
        ),
        lines(['Lag', 'short'], 'Records that are not done.', [
          'sum(tidings_kafka_lag_records{group=~".*-fanout"})',
          'records',
        ]),
        lines(['Filters that failed', 'ops'], 'Any is a defect in the filter language.', [
          `sum(${rate('tidings_fanout_filter_failures_total')})`,
          'failures',
        ]),
        lines(
          ['Time to refill the window', 's'],
          'After a rebalance: new events of a partition wait for it.',
          ['sum(tidings_fanout_refill_seconds_sum) / sum(tidings_fanout_refill_seconds_count)', 'average'],
        ),
      ],
    },
    {
      title: 'Memory and replays',
      panels: [
        lines(['Subscriptions', 'short'], 'In the match index.', [
          'max(tidings_fanout_subscriptions)',
          'subscriptions',
        ]),
        lines(['Remembered events', 'short'], 'In the windows against repeats.', [
          'sum(tidings_fanout_remembered_events)',
          'events',
        ]),
        lines(
          ['Replays', 'short'],
          'Running replays, and what they write a second.',
          ['sum(tidings_fanout_replays)', 'replays'],
          [`sum(${rate('tidings_fanout_replayed_total')})`, 'commands/s'],
        ),
      ],
    },
  ],
};

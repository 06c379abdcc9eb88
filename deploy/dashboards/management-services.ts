import { type DashboardSpec, lines, p99By, percentiles, rate, rateBy } from './dashboard.ts';

export const history: DashboardSpec = {
  name: 'history',
  title: 'history',
  rows: [
    {
      title: 'Projections',
      panels: [
        lines(['Projection lag', 's'], 'Age of the oldest record that is not stored.', [
          'max by (projection) (tidings_history_projection_lag_seconds)',
          '{{projection}}',
        ]),
        lines(
          ['Writes of attempts', 's'],
          'Duration of one batch.',
          ...percentiles('tidings_history_write_seconds'),
        ),
        lines(
          ['Operations of MongoDB, p99', 's'],
          'By operation.',
          p99By('operation', 'tidings_history_mongo_seconds'),
        ),
        lines(
          ['Deliveries written', 'ops'],
          'unchanged: already stored, after a restart.',
          rateBy('outcome', 'tidings_history_deliveries_total'),
        ),
        lines(['Events', 'ops'], 'By outcome.', rateBy('outcome', 'tidings_history_events_total')),
        lines(
          ['Statistics', 'ops'],
          'Buckets changed, by outcome.',
          rateBy('outcome', 'tidings_history_statistics_documents_total'),
        ),
      ],
    },
    {
      title: 'Dead letters and jobs',
      panels: [
        lines(['Dead letters by reason', 'short'], 'That wait or are being redriven.', [
          'max by (kind, reason) (tidings_history_dead_letters_waiting)',
          '{{kind}} {{reason}}',
        ]),
        lines(['Oldest dead letter', 's'], 'It is removed after 30 days.', [
          'max by (kind, reason) (tidings_history_dead_letters_oldest_seconds)',
          '{{kind}} {{reason}}',
        ]),
        lines(
          ['New dead letters', 'ops'],
          'By reason.',
          rateBy('kind, reason', 'tidings_history_dead_letters_total'),
        ),
        lines(['Open jobs', 'short'], 'By kind and state.', [
          'max by (kind, state) (tidings_history_jobs) or vector(0)',
          '{{kind}} {{state}}',
        ]),
        lines(
          ['Jobs ended', 'ops'],
          'By kind and state.',
          rateBy('kind, state', 'tidings_history_jobs_ended_total'),
        ),
        lines(
          ['Units of jobs', 'ops'],
          'By kind and outcome.',
          rateBy('kind, outcome', 'tidings_history_job_items_total'),
        ),
      ],
    },
    {
      title: 'API',
      panels: [
        lines(
          ['Requests', 'ops'],
          'By route of lists and details.',
          rateBy('route, status', 'tidings_http_request_seconds_count{route=~"/v1/webhooks/.*"}'),
        ),
        lines(
          ['Live streams', 'short'],
          'Open, and ended by the server.',
          ['sum(tidings_history_open_streams)', 'open'],
          [`sum(${rate('tidings_history_streams_ended_total')}) or vector(0)`, 'ended/s'],
        ),
        lines(['Purged', 'ops'], 'Deliveries past their retention.', [
          `sum(${rate('tidings_history_purged_total')})`,
          'deliveries',
        ]),
      ],
    },
  ],
};

export const subscription: DashboardSpec = {
  name: 'subscription',
  title: 'subscription',
  rows: [
    {
      title: 'Registry',
      panels: [
        lines(
          ['Writes', 'ops'],
          'Versions written, by kind of document.',
          rateBy('kind, operation', 'tidings_subscription_writes_total'),
        ),
        lines(
          ['Not propagated', 'short'],
          'Versions that their topic has not acknowledged. Above 0 for minutes: Kafka.',
          ['max by (kind) (tidings_subscription_unpublished_versions)', '{{kind}}'],
        ),
        lines(
          ['Time to publish a version', 's'],
          'Until its topic has it.',
          ...percentiles('tidings_subscription_publish_seconds'),
        ),
        lines(['Conflicts', 'ops'], 'Writes that another one overtook.', [
          `sum(${rate('tidings_subscription_write_conflicts_total')})`,
          'writes',
        ]),
        lines(
          ['Differences repaired', 'ops'],
          'Between registry and topic. Any: look why.',
          rateBy('kind, how', 'tidings_subscription_topic_differences_total'),
        ),
        lines(
          ['Periodic tasks, p99', 's'],
          'By task.',
          p99By('work', 'tidings_subscription_housekeeping_seconds'),
        ),
      ],
    },
    {
      title: 'Keys and health of endpoints',
      panels: [
        lines(['Documents', 'short'], 'By kind and state.', [
          'max by (kind, state) (tidings_subscription_documents)',
          '{{kind}} {{state}}',
        ]),
        lines(
          ['API keys', 'short'],
          'Active, and expiring within a week.',
          ['max(tidings_access_keys)', 'active'],
          ['max(tidings_access_keys_expiring)', 'expiring'],
        ),
        lines(['Refused keys', 'ops'], 'By reason.', rateBy('reason', 'tidings_access_refused_total')),
        lines(['Attempts counted', 'ops'], 'For the health of endpoints.', [
          `sum(${rate('tidings_subscription_attempts_counted_total')})`,
          'attempts',
        ]),
        lines(['Attempts not counted', 'short'], 'Records that are not done.', [
          'sum(tidings_kafka_lag_records{group=~".*-health"})',
          'attempts',
        ]),
        lines(
          ['Notices', 'ops'],
          'To the URLs of workspaces.',
          rateBy('outcome', 'tidings_subscription_notices_total'),
        ),
      ],
    },
  ],
};

export const console: DashboardSpec = {
  name: 'console',
  title: 'console',
  rows: [
    {
      title: 'Proxy',
      panels: [
        lines(
          ['Forwarded requests', 'ops'],
          'By service and outcome. 5xx: the service, or it is away.',
          rateBy('target, outcome', 'tidings_console_proxied_seconds_count'),
        ),
        lines(['Duration, p99', 's'], 'By service.', p99By('target', 'tidings_console_proxied_seconds')),
        lines(['Open requests', 'short'], 'By service.', [
          'sum by (service) (tidings_http_open_requests)',
          '{{service}}',
        ]),
      ],
    },
  ],
};

import { type DashboardSpec, lines, percentiles, rate } from './dashboard.ts';

const lagOf = (group: string) =>
  lines(['Behind', 's'], 'Age of the oldest record that is not done.', [
    `max(tidings_kafka_lag_seconds{group=~".*-${group}"})`,
    'oldest',
  ]);
const waitingOf = (group: string) =>
  lines(['Waiting', 'short'], 'Records that are not done.', [
    `sum(tidings_kafka_lag_records{group=~".*-${group}"})`,
    'records',
  ]);

/** The path of an event, hop by hop: what goes in, how far it is behind, how long it takes. */
export const pipeline: DashboardSpec = {
  name: 'pipeline',
  title: 'pipeline by hop',
  rows: [
    {
      title: '1 accept: ingress',
      panels: [
        lines(['Accepted', 'ops'], 'Events a second.', [
          `sum(${rate('tidings_ingress_events_total{outcome="accepted"}')})`,
          'events',
        ]),
        lines(
          ['Wait for the log', 's'],
          'Until all in-sync replicas have the event.',
          ...percentiles('tidings_ingress_publish_seconds'),
        ),
        lines(['In the spool', 'short'], 'Events that wait on the disk of ingress.', [
          'sum(tidings_ingress_spool_records)',
          'events',
        ]),
      ],
    },
    {
      title: '2 match: fanout',
      panels: [
        lines(['Commands written', 'ops'], 'Deliveries requested a second.', [
          `sum(${rate('tidings_fanout_deliveries_requested_total')})`,
          'commands',
        ]),
        lagOf('fanout'),
        lines(
          ['Age of an event when it is matched', 's'],
          'From its time in the log until its last command was acknowledged.',
          ...percentiles('tidings_fanout_event_age_seconds'),
        ),
      ],
    },
    {
      title: '3 send: delivery',
      panels: [
        lines(['Attempts', 'ops'], 'Requests a second.', [
          `sum(${rate('tidings_delivery_attempts_total')})`,
          'attempts',
        ]),
        lagOf('delivery'),
        lines(
          ['Accept to first attempt', 's'],
          'direct; and deferred, because the endpoint was failing or its queue full.',
          [
            `histogram_quantile(0.99, sum by (le, path) (${rate('tidings_delivery_accept_to_first_attempt_seconds_bucket')}))`,
            'p99 {{path}}',
          ],
        ),
      ],
    },
    {
      title: '4 retry: the ladder',
      panels: [
        lines(['Retries scheduled', 'ops'], 'Failed attempts that are followed by another.', [
          `sum(${rate('tidings_delivery_retries_scheduled_total')})`,
          'retries',
        ]),
        waitingOf('delivery-retry'),
        lines(
          ['Overdue', 's'],
          'Time by which the oldest command on a rung is overdue. Above a minute: its relay has stopped.',
          ['max by (rung) (tidings_delivery_rung_overdue_seconds)', '{{rung}}'],
        ),
      ],
    },
    {
      title: '5 show: history',
      panels: [
        lines(['Deliveries written', 'ops'], 'By outcome.', [
          `sum by (outcome) (${rate('tidings_history_deliveries_total')})`,
          '{{outcome}}',
        ]),
        lines(['Behind', 's'], 'Age of the oldest record that is not stored, by projection.', [
          'max by (projection) (tidings_history_projection_lag_seconds)',
          '{{projection}}',
        ]),
        lines(
          ['Age of an attempt when it is stored', 's'],
          'From its time in the log.',
          ...percentiles('tidings_history_attempt_age_seconds'),
        ),
      ],
    },
  ],
};

import { type DashboardSpec, lines, p99By, percentiles, rate, rateBy } from './dashboard.ts';

export const kafka: DashboardSpec = {
  name: 'kafka',
  title: 'Kafka, as the services see it',
  rows: [
    {
      title: 'Send',
      panels: [
        lines(
          ['Sends by outcome', 'ops'],
          'failed: repeated until it succeeds.',
          rateBy('service, outcome', 'tidings_kafka_sends_total'),
        ),
        lines(
          ['Send until acknowledged', 's'],
          'By all in-sync replicas.',
          ...percentiles('tidings_kafka_send_duration_seconds'),
        ),
        lines(['Records in a send', 'short'], 'Average.', [
          `sum(${rate('tidings_kafka_send_records_sum')}) / sum(${rate('tidings_kafka_send_records_count')})`,
          'records',
        ]),
        lines(['Not acknowledged', 'short'], 'Records that producers hold.', [
          'sum by (service) (tidings_kafka_buffered_records)',
          '{{service}}',
        ]),
        lines(
          ['Partitions that repeat their send', 'short'],
          'Above 0 for a minute: no leader, or too few in-sync replicas.',
          ['sum by (service) (tidings_kafka_recovering_partitions)', '{{service}}'],
        ),
      ],
    },
    {
      title: 'Read',
      panels: [
        lines(['Lag in records', 'short'], 'By group. Of retries: all that wait.', [
          'sum by (group) (tidings_kafka_lag_records)',
          '{{group}}',
        ]),
        lines(['Lag in seconds', 's'], 'Age of the oldest record that is not done.', [
          'max by (group) (tidings_kafka_lag_seconds)',
          '{{group}}',
        ]),
        lines(['In memory', 'short'], 'Records fetched and not done.', [
          'sum by (group) (tidings_kafka_pending_records)',
          '{{group}}',
        ]),
        lines(['Commits', 'ops'], 'By outcome.', rateBy('outcome', 'tidings_kafka_commits_total')),
        lines(['Rebalances', 'short'], 'Generations joined, in 15 minutes.', [
          'sum by (group) (increase(tidings_kafka_rebalances_total[15m]))',
          '{{group}}',
        ]),
        lines(
          ['Handlers and consumers restarted', 'ops'],
          'handler: a defect. Others: brokers.',
          rateBy('group, reason', 'tidings_kafka_restarts_total'),
        ),
        lines(
          ['Silence of tables', 's'],
          'Time since a topic was read. Above 30 s: what the services know is old.',
          ['max by (topic) (tidings_kafka_table_silence_seconds)', '{{topic}}'],
        ),
        lines(['Poison records', 'ops'], 'By topic.', rateBy('topic', 'tidings_kafka_poison_records_total')),
      ],
    },
  ],
};

export const mongodb: DashboardSpec = {
  name: 'mongodb',
  title: 'MongoDB, as the services see it',
  rows: [
    {
      title: 'Operations',
      panels: [
        lines(['Reached', 'none'], '1: the service reaches it.', [
          'min by (service) (tidings_service_part_up{part="mongodb"})',
          '{{service}}',
        ]),
        lines(
          ['Operations', 'ops'],
          'Of the history, by operation and outcome.',
          rateBy('operation, outcome', 'tidings_history_mongo_seconds_count'),
        ),
        lines(
          ['Duration, p99', 's'],
          'Of the history, by operation.',
          p99By('operation', 'tidings_history_mongo_seconds'),
        ),
        lines(
          ['Time in MongoDB', 'short'],
          'Seconds a second: above 1 for each core of the server it is busy.',
          [`sum(${rate('tidings_history_mongo_seconds_sum')})`, 'history'],
        ),
        lines(
          ['Batches of attempts', 'ops'],
          'By outcome; failed ones are repeated.',
          rateBy('outcome', 'tidings_history_write_seconds_count'),
        ),
        lines(
          ['Periodic tasks of the registry', 'ops'],
          'By task and outcome; failed ones are repeated.',
          rateBy('work, outcome', 'tidings_subscription_housekeeping_seconds_count'),
        ),
        lines(['Attempts that wait for it', 'short'], 'Read from the log and not written.', [
          'sum(tidings_history_waiting_attempts)',
          'attempts',
        ]),
      ],
    },
  ],
};

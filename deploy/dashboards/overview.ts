import { type DashboardSpec, lines, percentiles, rate, rateBy, stat } from './dashboard.ts';

/** The golden signals of the installation: traffic, errors, latency, saturation. */
export const overview: DashboardSpec = {
  name: 'overview',
  title: 'overview',
  rows: [
    {
      title: 'Promises',
      panels: [
        stat(['Services ready', 'none'], 'Services of which an instance is ready, of 6.', [
          'sum(max by (service) (tidings_service_ready))',
          'ready',
        ]),
        stat(
          ['Publish errors', 'percentunit'],
          'Share of requests to publish that were answered 5xx. The promise: at most 0.1 %.',
          ['tidings:accept_errors:ratio_rate5m', 'errors'],
        ),
        stat(
          ['Publish slower than 1 s', 'percentunit'],
          'Share of accepted requests. The promise: at most 1 %.',
          ['tidings:accept_slow:ratio_rate5m', 'slow'],
        ),
        stat(
          ['First attempts later than 5 s', 'percentunit'],
          'Share, without those that their endpoint delays. The promise: at most 0.1 %.',
          ['tidings:first_attempt_late:ratio_rate5m', 'late'],
        ),
      ],
    },
    {
      title: 'Traffic',
      panels: [
        lines(
          ['Events by outcome', 'ops'],
          'Published events as ingress answered them.',
          rateBy('outcome', 'tidings_ingress_events_total'),
        ),
        lines(
          ['Webhooks of sources by outcome', 'ops'],
          'Webhooks that sources received.',
          rateBy('outcome', 'tidings_ingress_webhooks_total'),
        ),
        lines(
          ['Attempts by outcome', 'ops'],
          'Requests to endpoints.',
          rateBy('outcome', 'tidings_delivery_attempts_total'),
        ),
      ],
    },
    {
      title: 'Errors',
      panels: [
        lines(
          ['Responses 5xx', 'ops'],
          'By service and route. Any: see the log of the service.',
          rateBy('service, route', 'tidings_http_request_seconds_count{status="5xx"}'),
        ),
        lines(
          ['Deliveries that ended without success', 'ops'],
          'Suppressed, or dead-lettered with the reason.',
          rateBy('ending', 'tidings_delivery_endings_total{ending!="delivered"}'),
        ),
        lines(
          ['Poison records', 'ops'],
          'Records that could not be decoded, by topic. Any is a fault.',
          rateBy('topic', 'tidings_kafka_poison_records_total'),
        ),
      ],
    },
    {
      title: 'Latency',
      panels: [
        lines(
          ['Publish', 's'],
          'Requests that publish, until their response.',
          ...percentiles('tidings_http_request_seconds', '{method="POST",route=~"/v1/events.*"}'),
        ),
        lines(
          ['Accept to first attempt', 's'],
          'Without what an endpoint delays.',
          ...percentiles('tidings_delivery_accept_to_first_attempt_seconds', '{path="direct"}'),
        ),
        lines(
          ['Attempt to history', 's'],
          'From an attempt until it can be read in the history.',
          ...percentiles('tidings_history_attempt_age_seconds'),
        ),
      ],
    },
    {
      title: 'Saturation',
      panels: [
        lines(['Lag', 's'], 'Age of the oldest record that a group has not done. Retries wait on purpose.', [
          'max by (group) (tidings_kafka_lag_seconds)',
          '{{group}}',
        ]),
        lines(['CPU', 'short'], 'Cores of each process. One core is the limit of JavaScript.', [
          `sum by (service, instance) (${rate('process_cpu_seconds_total')})`,
          '{{service}} {{instance}}',
        ]),
        lines(['Memory', 'bytes'], 'Resident memory of each process.', [
          'sum by (service, instance) (process_resident_memory_bytes)',
          '{{service}} {{instance}}',
        ]),
        lines(['Event loop lag, p99', 's'], 'Above 0.5 s: too little CPU time.', [
          'max by (service, instance) (nodejs_eventloop_lag_p99_seconds)',
          '{{service}} {{instance}}',
        ]),
        lines(['Free disk', 'percentunit'], 'Share of the file systems of spool and object storage.', [
          'min by (folder) (tidings_disk_free_bytes / tidings_disk_size_bytes)',
          '{{folder}}',
        ]),
        lines(['Parts that are down', 'none'], 'Parts of services that do not work; /ready has the reason.', [
          'count by (service, part) (tidings_service_part_up == 0) or vector(0)',
          '{{service}} {{part}}',
        ]),
      ],
    },
  ],
};

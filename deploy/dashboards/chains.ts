import { type DashboardSpec, lines, p99By, rateBy, stat } from './dashboard.ts';

/** Runs of chains, over all worker applications that are scraped. */
export const chains: DashboardSpec = {
  name: 'chains',
  title: 'chains',
  rows: [
    {
      title: 'Now',
      panels: [
        stat(
          ['Runs that have not ended', 'short'],
          'Under way, and waiting for a time or for the run in front of them.',
          ['sum(tidings_chains_runs{status=~"running|waiting"}) or vector(0)', 'runs'],
        ),
        stat(['Failed runs', 'short'], 'They wait for a retry, 30 days at most and 50,000 of a partition.', [
          'sum(tidings_chains_runs{status="failed"}) or vector(0)',
          'runs',
        ]),
        stat(
          ['Events held', 'short'],
          'Above 0: a handler has as many runs as it may have, and its partitions may stop for the other handlers of the application.',
          ['sum(tidings_chains_events_held) or vector(0)', 'events'],
        ),
        stat(
          ['Failed runs forgotten', 'short'],
          'In the last day, for there were too many to keep: they cannot be retried any more.',
          ['sum(increase(tidings_chains_failed_runs_forgotten_total[1d])) or vector(0)', 'runs'],
        ),
      ],
    },
    {
      title: 'Runs',
      panels: [
        lines(
          ['Started', 'ops'],
          'Runs that events started, by handler.',
          rateBy('handler', 'tidings_chains_runs_started_total'),
        ),
        lines(
          ['Ended', 'ops'],
          'By handler and status. Failed ones need a person.',
          rateBy('handler, status', 'tidings_chains_runs_ended_total'),
        ),
        lines(['In memory', 'short'], 'By status, those that ended and are remembered included.', [
          'sum by (status) (tidings_chains_runs)',
          '{{status}}',
        ]),
        lines(['Events held, by handler', 'short'], 'Beyond the bound of open runs of the handler.', [
          'sum by (handler) (tidings_chains_events_held)',
          '{{handler}}',
        ]),
      ],
    },
    {
      title: 'Steps',
      panels: [
        lines(
          ['Attempts', 'ops'],
          'By handler and outcome.',
          rateBy('handler, outcome', 'tidings_chains_step_attempts_total'),
        ),
        lines(
          ['Duration of attempts, p99', 's'],
          'Of what the steps call.',
          p99By('handler', 'tidings_chains_step_duration_seconds'),
        ),
        lines(
          ['Wait for an attempt, p99', 's'],
          'It grows: the handler is at its concurrency. Raise it, or add workers.',
          p99By('handler', 'tidings_chains_queue_delay_seconds'),
        ),
      ],
    },
    {
      title: 'Workers',
      panels: [
        lines(
          ['States in memory', 'bytes'],
          'Above 64 MiB in a process, runs wait in the log for their turn.',
          ['sum by (instance) (tidings_chains_state_bytes)', '{{instance}}'],
        ),
        lines(
          ['Partitions restored', 'ops'],
          'By cause. Often `taken-over`: two workers believe that they own the same partitions.',
          rateBy('cause', 'tidings_chains_restores_total'),
        ),
      ],
    },
  ],
};

import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** Metrics of a worker application. */
export const chainsMetrics = defineMetrics({
  started: {
    type: 'counter',
    name: 'tidings_chains_runs_started_total',
    help: 'Runs that an event started, by handler.',
    labels: ['handler'],
  },
  ended: {
    type: 'counter',
    name: 'tidings_chains_runs_ended_total',
    help: 'Runs that ended, by handler and status: completed, failed or cancelled.',
    labels: ['handler', 'status'],
    action: 'Failed runs: look at their steps, mend the cause, and retry them.',
  },
  attempts: {
    type: 'counter',
    name: 'tidings_chains_step_attempts_total',
    help: 'Attempts of steps, by handler, step and outcome: succeeded, failed or timed-out.',
    labels: ['handler', 'step', 'outcome'],
  },
  duration: {
    type: 'histogram',
    name: 'tidings_chains_step_duration_seconds',
    help: 'Duration of attempts of steps, by handler.',
    labels: ['handler'],
    buckets: latencyBuckets,
  },
  queueDelay: {
    type: 'histogram',
    name: 'tidings_chains_queue_delay_seconds',
    help: 'Time from the moment at which a run could continue to its attempt, by handler.',
    labels: ['handler'],
    buckets: latencyBuckets,
    action: 'It grows: the handler is at its concurrency. Raise it, or add workers.',
  },
  runs: {
    type: 'gauge',
    name: 'tidings_chains_runs',
    help: 'Runs in memory, by status: running, waiting, and those that ended and are remembered.',
    labels: ['status'],
  },
  eventsHeld: {
    type: 'gauge',
    name: 'tidings_chains_events_held',
    help: 'Events that wait until their handler may start another run, by handler: as many runs as `maxOpenRuns` have not ended.',
    labels: ['handler'],
    action:
      'Events behind them in their partitions wait as well, those of other handlers included. Look why the runs do not end; add workers, raise maxOpenRuns, or give the handler an application of its own.',
  },
  stateBytes: {
    type: 'gauge',
    name: 'tidings_chains_state_bytes',
    help: 'Bytes of states and of data of events in memory: of runs under way and of those that are about to continue.',
    labels: [],
  },
  failedForgotten: {
    type: 'counter',
    name: 'tidings_chains_failed_runs_forgotten_total',
    help: 'Failed runs that cannot be retried any more although 30 days have not passed: more than 50,000 of a partition had failed since.',
    labels: ['handler'],
    action:
      'Mend the cause of the failures; publish the events of these runs again under other ids if they are needed.',
  },
  restores: {
    type: 'counter',
    name: 'tidings_chains_restores_total',
    help: 'Partitions of the run log that were taken over, by cause: assigned, or taken over by another worker first.',
    labels: ['cause'],
  },
});

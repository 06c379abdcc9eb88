import { catalogue } from '../../texts/index.ts';

/** The texts of the overview. */
export const texts = catalogue({
  en: {
    title: 'Overview',
    lastHour: 'Last hour',
    tiles: {
      accepted: 'Accepted events',
      delivered: 'Delivered',
      failed: 'Failed attempts',
      deadLettered: 'Dead-lettered',
      success: 'Successful attempts',
      latency: 'Accepted to delivered, p95',
      oldest: 'Oldest undelivered',
      none: 'none',
    },
    chart: 'Attempts by minute',
    quiet: 'Nothing was sent in the last hour.',
    firstTitle: 'Publish a first event',
    firstHint:
      'Nothing has been accepted in the last hour. Publish an event with the API or the command line, and watch it arrive under Deliveries.',
    pipeline: 'Pipeline',
    pipelineHint: 'The whole installation, all workspaces together.',
    hop: 'Hop',
    lag: 'Waiting',
    age: 'Oldest since',
    hops: 'Lag by hop',
    retries: 'Retry topics',
    retriesEmpty: 'No delivery waits for a retry.',
    delay: 'Delay',
    waiting: 'Waiting',
    due: 'Due',
    breakers: 'Circuit breakers',
    breakersEmpty: 'All circuit breakers are closed.',
    subscription: 'Subscription',
    state: 'State',
    since: 'Since',
    probe: 'Next probe',
    breakerStates: { open: 'Open', half_open: 'Half-open' },
    deadLetters: 'Dead letters',
    deadLettersEmpty: 'No dead letter waits.',
    reason: 'Reason',
    jobs: 'Jobs',
    jobsEmpty: 'No jobs.',
    kind: 'Kind',
    count: 'Count',
    unknown: 'This part could not be read:',
    unread: (parts: readonly string[]) => `Not read: ${parts.join(', ')}.`,
    outages: {
      kafka: {
        title: 'Kafka does not respond',
        effect:
          'New events are not accepted: publishers get the status 503, and repeat them later. Nothing is delivered or sent again until it is back. Nothing that was accepted is lost.',
        works:
          'What works: the lists, and everything recorded so far; subscriptions, keys and event types can be changed, and take effect when Kafka is back.',
      },
      database: {
        title: 'The database does not respond',
        effect:
          'Lists, figures and changes wait for it. What happens meanwhile is in the log, and appears here when it is back.',
        works: 'What works: events are accepted, matched and delivered.',
      },
      some: {
        title: 'Not all figures could be read',
        effect: 'Kafka or the database may be slow or away, or a service has just started.',
        works: 'The other figures on this page are right.',
      },
    },
    partNames: {
      hops: 'lag by hop',
      retries: 'retry topics',
      breakers: 'circuit breakers',
      dead_letters: 'dead letters',
      jobs: 'jobs',
    } as Readonly<Record<string, string>>,
    stale: 'The figures could not be refreshed; these are from',
  },
});

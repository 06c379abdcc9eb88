import { catalogue } from '../../texts/index.ts';

/** The texts of the jobs. */
export const texts = catalogue({
  en: {
    title: 'Jobs',
    lead: 'Work that takes longer than a request: it goes on by itself, also after a crash, and can be paused and cancelled.',
    emptyTitle: 'No jobs yet',
    emptyHint:
      'Redriving dead letters, retrying many deliveries, replays, exports and erasures are jobs. They can be read for 60 days after their end.',
    noMatchTitle: 'No job matches the filters',
    noMatchHint: 'Clear a filter.',
    columns: { kind: 'Job', state: 'State', progress: 'Progress', by: 'Requested by', created: 'Requested' },
    filters: { kind: 'Kind', state: 'State' },
    back: 'All jobs',
    facts: {
      id: 'Job id',
      by: 'Requested by',
      consumer: 'Consumer',
      created: 'Requested',
      started: 'Started',
      ended: 'Ended',
      rate: 'Pace',
    },
    rate: (perSecond: number) => `at most ${perSecond} a second`,
    progress: 'Progress',
    request: 'What was requested',
    dryRunHint: 'A dry run only counts: nothing was sent.',
  },
});

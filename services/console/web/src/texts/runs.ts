import { catalogue } from './catalogue.ts';

/** The texts of runs, wherever one is shown. */
export const runTexts = catalogue({
  en: {
    statuses: {
      running: 'Running',
      waiting: 'Waiting',
      completed: 'Completed',
      failed: 'Failed',
      cancelled: 'Cancelled',
    },
  },
});

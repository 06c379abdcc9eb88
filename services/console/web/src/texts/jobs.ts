import { catalogue } from './catalogue.ts';

const some = (count: number) => count.toLocaleString();

/** The texts of jobs, wherever one is shown. */
export const jobTexts = catalogue({
  en: {
    kinds: {
      redrive: 'Redrive of dead letters',
      discard: 'Discard of dead letters',
      retry: 'Retry of deliveries',
      replay: 'Replay of events',
      export: 'Export',
      erasure: 'Erasure',
    },
    dryRun: 'Dry run',
    states: {
      queued: 'Queued',
      running: 'Running',
      paused: 'Paused',
      done: 'Done',
      cancelled: 'Cancelled',
      failed: 'Failed',
    },
    progress: 'Progress',
    of: (done: number, total: number) => `${some(done)} of ${some(total)}`,
    so: (done: number) => `${some(done)} so far`,
    eta: 'Expected end',
    pause: 'Pause',
    resume: 'Resume',
    cancelJob: 'Cancel job',
    cancelTitle: 'Cancel this job?',
    cancelHint: 'What it has done stays done. What it has not begun is left as it was. It cannot be resumed.',
    counts: {
      redriven: 'sent again',
      delivered: 'delivered before, not sent',
      skipped: 'skipped: the subscription is not active',
      erased: 'left out: the data is erased',
      failed: 'content could not be read',
      discarded: 'discarded',
      retried: 'sent again',
      refused: 'refused: in flight, not their turn, or the subscription does not receive',
      unavailable: 'body not kept any more',
      events: 'events erased',
      deliveries: 'deliveries erased',
      dead_letters: 'dead letters erased',
      exports: 'exports deleted',
      records: 'records written',
    } as Readonly<Record<string, string>>,
    replayCounts: {
      to_send: 'would be sent',
      sent: 'sent',
      delivered: 'of those delivered',
      failed: 'of those failed',
      matched: 'found, once for each endpoint',
      skipped: 'skipped: delivered or under way',
      disabled: 'left out: the endpoint is disabled',
      erased: 'left out: the data is erased',
      repeats: 'repeats in the log',
      scanned: 'records read',
    } as Readonly<Record<string, string>>,
  },
});

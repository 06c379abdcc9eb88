import { catalogue } from '../../texts/index.ts';

type StepCounts = Readonly<{ waiting: number; succeeded: number; failed: number; undone: number }>;

const stepCounts = ({ succeeded, failed, waiting, undone }: StepCounts): string => {
  const parts = [
    [succeeded, 'succeeded'],
    [failed, 'failed'],
    [waiting, 'waiting'],
    [undone, 'undone'],
  ] as const;
  const some = parts.filter(([count]) => count > 0).map(([count, name]) => `${count} ${name}`);
  return some.length === 0 ? 'none yet' : some.join(', ');
};

const named = (step: string | null): string => (step === null ? '' : ` “${step}”`);

/** The texts of the runs. */
export const texts = catalogue({
  en: {
    title: 'Runs',
    lead: 'The work that events have started in worker applications, with its steps.',
    emptyTitle: 'No runs yet',
    emptyHint:
      'A run appears when an event starts a handler of a worker application, which an internal service writes with @tidings/chains.',
    noMatchTitle: 'No run matches the filters',
    noMatchHint: 'Widen the time or clear a filter.',
    columns: {
      handler: 'Handler',
      status: 'Status',
      app: 'Application',
      event: 'Event type',
      steps: 'Steps',
      started: 'Started',
    },
    filters: {
      status: 'Status',
      since: 'Started',
      app: 'Application',
      handler: 'Handler',
      event: 'Event',
      consumer: 'Consumer',
      key: 'Ordering key',
      reason: 'Reason',
      step: 'Failed step',
    },
    reasons: {
      'step-failed': 'A step failed',
      'unknown-step': 'Unknown step',
      'unknown-handler': 'Unknown handler',
      'state-too-large': 'Too large',
    },
    orderAll: {
      retry: {
        open: 'Retry failed …',
        title: 'Retry failed runs?',
        action: (count: number) => (count === 1 ? 'Retry 1 run' : `Retry ${count.toLocaleString()} runs`),
        count: (count: number) =>
          count === 1
            ? '1 failed run matches the filters.'
            : `${count.toLocaleString()} failed runs match the filters.`,
        none: 'No failed run matches the filters.',
        hint: 'Each continues from the step that failed. Steps that succeeded are not run again, unless they were compensated.',
      },
      cancel: {
        open: 'Cancel all …',
        title: 'Cancel these runs?',
        action: (count: number) => (count === 1 ? 'Cancel 1 run' : `Cancel ${count.toLocaleString()} runs`),
        count: (count: number) =>
          count === 1
            ? '1 run that has not ended matches the filters.'
            : `${count.toLocaleString()} runs that have not ended match the filters.`,
        none: 'No run that has not ended matches the filters.',
        hint: 'No further step begins, and nothing is compensated. This cannot be undone.',
      },
    },
    stepCounts,
    back: 'All runs',
    facts: {
      id: 'Run id',
      app: 'Application',
      event: 'Event',
      type: 'Event type',
      consumer: 'Consumer',
      key: 'Ordering key',
      started: 'Started',
      changed: 'Changed',
      ended: 'Ended',
      next: 'Next attempt',
      retries: 'Retries',
    },
    failures: {
      'step-failed': (step: string | null) =>
        `The step${named(step)} failed for good: it used up its tries, or its error is not to be retried.`,
      'unknown-step': (step: string | null) =>
        `The application that runs now has no step${named(step)} any more. Deploy one that has it, then retry.`,
      'unknown-handler': () =>
        'The application that runs now has no such handler any more. Deploy one that has it, then retry.',
      'state-too-large': () =>
        'The results of its steps did not fit into one record and are gone, so that it cannot be retried. Let steps return references in place of data, then publish its event under another id.',
    },
    compensating: 'It ends as failed when what follows a failure has ended, such as compensations.',
    cancelledBy: 'Cancelled by',
    erasedHint:
      'Results, errors and the ordering key were erased on request; names, times and outcomes stay.',
    ordered: {
      retry: 'The retry is in the log: the application takes it up, at once if it runs.',
      cancel: 'The cancellation is in the log: the application takes it up, at once if it runs.',
    },
    retry: 'Retry',
    retryTitle: 'Retry this run?',
    retryHint:
      'It continues from the step that failed, with all of its tries. Steps that succeeded are not run again, unless they were compensated.',
    cancel: 'Cancel run',
    cancelTitle: 'Cancel this run?',
    cancelHint:
      'No further step begins, and nothing is compensated; a step in progress is aborted. This cannot be undone.',
    because: 'Reason',
    becauseHint: 'Optional. Shown with the run; write no personal data.',
    becauseLong: (count: number, limit: number) => `At most ${limit} characters, these are ${count}.`,
    steps: 'Steps',
    noSteps: 'No step has ended an attempt yet.',
    stepsHint: 'In the order in which they began. A step appears when its first attempt has ended.',
    compensation: 'Compensation',
    stepStatuses: {
      waiting: 'Waiting',
      succeeded: 'Succeeded',
      failed: 'Failed',
      undone: 'Undone, runs again',
    },
    attemptCount: (count: number) => (count === 1 ? '1 attempt' : `${count.toLocaleString()} attempts`),
    attempt: (number: number) => `Attempt ${number}`,
    attemptsOf: (step: string) => `Attempts of ${step}`,
    attemptColumns: ['Attempt', 'Outcome', 'Started', 'Took', 'Error'],
    outcomes: { succeeded: 'Succeeded', failed: 'Failed', 'timed-out': 'Timed out' },
    newestAttempts: (count: number) => `The newest ${count} attempts.`,
    nextAttempt: 'Next attempt',
    result: (step: string) => `Result of ${step}`,
  },
});

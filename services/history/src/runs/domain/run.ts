import { isNewerRun, type RunEvent, type RunRecorded } from '@tidings/contracts';

/** A run as the history keeps it: its newest state. */
export type StoredRun = Omit<RunRecorded, 'type'> &
  Readonly<{
    /** True if what came from the data of its event is erased: results, errors and the ordering key. */
    isErased?: true;
  }>;

/** The version of a state: epoch first, then sequence; and its status. */
export type RunVersion = Pick<RunRecorded, 'epoch' | 'sequence' | 'status'>;

/** Numbers of steps of a run by status. Compensations count as steps. */
export type StepCounts = Readonly<Record<StoredRun['steps'][number]['status'], number>>;

/** Returns the stored form of a recorded state. */
export const storedRunOf = ({ type: _type, ...run }: RunRecorded): StoredRun => run;

/** Returns what a list shows of a run, without what a step or its publisher may have named a person by. */
export const erasedHead = <
  R extends Pick<StoredRun, 'failure' | 'isErased'> & Readonly<{ event: Pick<RunEvent, 'orderingKey'> }>,
>(
  run: R,
): R => ({
  ...run,
  event: { ...run.event, orderingKey: null },
  failure: run.failure === null ? null : { ...run.failure, message: '' },
  isErased: true,
});

/** Returns a run without what a step may have made of the data of the event. */
export const erasedRun = (run: StoredRun): StoredRun => ({
  ...erasedHead(run),
  steps: run.steps.map((step) => ({
    ...step,
    result: null,
    attempts: step.attempts.map((attempt) => ({ ...attempt, error: null })),
  })),
});

/** Returns the number of steps by status. */
export const stepCountsOf = ({ steps }: Pick<StoredRun, 'steps'>): StepCounts => {
  const counts = { waiting: 0, succeeded: 0, failed: 0, undone: 0 };
  for (const { status } of steps) counts[status] += 1;
  return counts;
};

/**
 * Returns true for the change that is known, written again by the next owner of its partition. That of a run that
 * completed or was cancelled has no results: the run log does not keep them.
 */
export const isWrittenAgain = (run: RunVersion, known: RunVersion): boolean =>
  run.sequence === known.sequence &&
  run.status === known.status &&
  run.status !== 'running' &&
  run.status !== 'waiting';

/** Returns true if a state takes the place of the one that is known. */
export const replacesRun = (run: RunVersion, known: RunVersion): boolean =>
  isNewerRun(run, known) && (run.status === 'failed' || !isWrittenAgain(run, known));

/** Returns the newest state of each run. */
export const newestOf = (runs: readonly StoredRun[]): readonly StoredRun[] => {
  const newest = new Map<string, StoredRun>();
  for (const run of runs) {
    const known = newest.get(run.runId);
    if (known === undefined || replacesRun(run, known)) newest.set(run.runId, run);
  }
  return [...newest.values()];
};

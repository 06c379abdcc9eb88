import type { RunEvent, RunRecorded } from '@tidings/contracts';
import { isWrittenAgain, newestOf, replacesRun, type StoredRun, storedRunOf } from './domain/run.ts';
import type { RunStore } from './ports.ts';

/** A run that has failed for good, as its operational event tells it. */
export type FailedRun = Pick<RunRecorded, 'runId' | 'app' | 'handler' | 'retries' | 'recordedAtMs'> &
  Readonly<{ event: RunEvent; failure: NonNullable<RunRecorded['failure']> }>;

/** The dependencies of the projection. `tell`: publishes the operational event of a failed run. */
export type ProjectRunsParts = Readonly<{
  runs: Pick<RunStore, 'versions' | 'put'>;
  tell: (failed: FailedRun) => Promise<void>;
}>;

const failedType = 'tidings.run.failed';

const failedOf = (run: StoredRun): readonly FailedRun[] => {
  const { runId, app, handler, retries, recordedAtMs, event, failure } = run;
  if (run.status !== 'failed' || failure === null) return [];
  // A handler of failed runs that fails itself would start itself again without end.
  if (event.type === failedType) return [];
  return [{ runId, app, handler, retries, recordedAtMs, event, failure }];
};

/**
 * Stores the newest of the recorded states, and tells of those that failed. A failure is told before it is stored: a
 * crash in between repeats the operational event, under the same id, and loses none; a failure that is stored is not told
 * again, also if the next owner of its partition writes it again. A failed run of an event that tells of a failed run is
 * not told.
 */
export async function projectRuns(
  { runs: store, tell }: ProjectRunsParts,
  recorded: readonly RunRecorded[],
): Promise<void> {
  if (recorded.length === 0) return;
  const states = recorded.map(storedRunOf);
  const stored = await store.versions([...new Set(states.map(({ runId }) => runId))]);
  const fresh = states.filter((run) => {
    const known = stored.get(run.runId);
    return known === undefined || replacesRun(run, known);
  });
  const told = new Map<string, FailedRun>();
  for (const run of fresh) {
    const known = stored.get(run.runId);
    if (known !== undefined && isWrittenAgain(run, known)) continue;
    for (const failed of failedOf(run)) told.set(`${failed.runId} ${failed.retries}`, failed);
  }
  await Promise.all([...told.values()].map(tell));
  await store.put(newestOf(fresh));
}

import { expect, it } from 'vitest';
import { createMemoryRunStore } from '../../test/runs/memory-run-store.ts';
import { aFailedStep, aFailure, aRun, aStep } from '../../test/runs/run-builders.ts';
import { type FailedRun, projectRuns } from './project-runs.ts';

const completed = aRun({ status: 'completed', sequence: 2, steps: [aStep()] });
// The run log of an application does not keep results of completed runs.
const again = { ...completed, epoch: 2, steps: [aStep({ result: null, attempts: [] })] };

it.each([
  ['in one batch', [[completed, again]]],
  ['later', [[completed], [again]]],
])('keeps the results of a completed run that its next owner writes again, %s', async (_when, batches) => {
  const runs = createMemoryRunStore();
  for (const batch of batches) await projectRuns({ runs, tell: async () => {} }, batch);
  expect(runs.all()).toMatchObject([{ status: 'completed', steps: [{ result: { paid_by: 'alice' } }] }]);
});

it('tells once of a failure that is written again, and again when a retry fails', async () => {
  const runs = createMemoryRunStore();
  const told: FailedRun[] = [];
  const tell = async (failed: FailedRun) => void told.push(failed);
  const failed = aRun({ status: 'failed', steps: [aFailedStep()], failure: aFailure });
  await projectRuns({ runs, tell }, [failed, { ...failed, epoch: 2 }]);
  await projectRuns({ runs, tell }, [{ ...failed, epoch: 3 }]);
  expect(runs.all()).toMatchObject([{ epoch: 3 }]);
  await projectRuns({ runs, tell }, [{ ...failed, epoch: 3, sequence: 5, retries: 1 }]);
  expect(told.map(({ retries }) => retries)).toEqual([0, 1]);
});

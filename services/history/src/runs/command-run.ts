import type { RunId, WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { StoredRun } from './domain/run.ts';
import type { CommandRun, RunStore } from './ports.ts';

/** The dependencies of orders for runs. */
export type CommandRunParts = Readonly<{ runs: Pick<RunStore, 'find'>; command: CommandRun }>;

/** The run that an order is for, and the key that gives it. */
export type OrderFor = Readonly<{ id: RunId; workspaceId: WorkspaceId; by: string }>;

/** Returns a run of the workspace. Throws AppError `not-found`. */
export const findRun = async (
  runs: Pick<RunStore, 'find'>,
  { id, workspaceId }: Pick<OrderFor, 'id' | 'workspaceId'>,
): Promise<StoredRun> => {
  const run = await runs.find(id, workspaceId);
  // A run of another workspace is indistinguishable from one that does not exist.
  if (run === null) throw new AppError({ code: 'not-found', message: `There is no run '${id}'.` });
  return run;
};

const refuse = (message: string): never => {
  throw new AppError({ code: 'conflict', message });
};

/** Continues a failed run from the step that failed. Returns the run as it was. Throws AppError `conflict` for any other. */
export const retryRun = async ({ runs, command }: CommandRunParts, order: OrderFor): Promise<StoredRun> => {
  const run = await findRun(runs, order);
  if (run.status !== 'failed')
    refuse(`The run '${run.runId}' is ${run.status}: only a failed one can be retried.`);
  if (run.failure?.reason === 'state-too-large')
    refuse(
      `The run '${run.runId}' became too large: the results of its steps are gone, publish its event under another id.`,
    );
  await command(run, { kind: 'retry', sequence: run.sequence, by: order.by });
  return run;
};

/** Ends a run that has not ended. Returns the run as it was. Throws AppError `conflict` for one that has. */
export const cancelRun = async (
  { runs, command }: CommandRunParts,
  order: OrderFor & Readonly<{ reason: string | null }>,
): Promise<StoredRun> => {
  const run = await findRun(runs, order);
  if (run.status !== 'running' && run.status !== 'waiting')
    refuse(`The run '${run.runId}' is ${run.status}: there is nothing to cancel.`);
  await command(run, { kind: 'cancel', by: order.by, reason: order.reason });
  return run;
};

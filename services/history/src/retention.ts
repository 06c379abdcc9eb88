import type { Access } from '@tidings/access';
import type { Clock } from '@tidings/runtime';

const dayMs = 86_400_000;

/** The times for which the history keeps what belongs to a workspace. */
export type Retention = Readonly<{
  /** Resolves once the settings of all workspaces are known: nothing may be removed before. */
  ready(): Promise<void>;
  /** Returns the retention of a workspace in milliseconds. `installationMs`: that of one without a setting of its own. */
  lengthMs(workspaceId: string | null, installationMs: number): number;
  /** Returns the time before which what belongs to a workspace has expired, in epoch milliseconds. */
  expiredBeforeMs(workspaceId: string | null, installationMs: number): number;
  /** Returns the workspaces with a setting of their own. */
  workspaces(): readonly string[];
}>;

/** Creates the retention from the settings of the workspaces, as the access topic has them. */
export const createRetention = (
  {
    table,
    ready,
  }: Readonly<{ table: Pick<Access['table'], 'workspace' | 'workspaces'>; ready: Access['ready'] }>,
  clock: Pick<Clock, 'nowMs'>,
): Retention => {
  const lengthMs = (workspaceId: string | null, installationMs: number): number => {
    const days = workspaceId === null ? undefined : table.workspace(workspaceId)?.retentionDays;
    return days === undefined ? installationMs : days * dayMs;
  };
  return {
    ready,
    lengthMs,
    expiredBeforeMs: (workspaceId, installationMs) => clock.nowMs() - lengthMs(workspaceId, installationMs),
    workspaces: () =>
      [...table.workspaces()].filter(({ retentionDays }) => retentionDays !== undefined).map(({ id }) => id),
  };
};

import type { Schemas } from '../../api/client.ts';

type Run = Pick<Schemas['Run'], 'status' | 'changed_at'>;

const openMs = 2_000;

/** Returns true as long as a run is as it was when something was ordered. `orderedAt`: its `changed_at` then; undefined if nothing was. */
export const isAwaited = ({ changed_at }: Pick<Run, 'changed_at'>, orderedAt: string | undefined): boolean =>
  changed_at === orderedAt;

/** Returns the pause until a run is read again; false if it stays as it is. */
export function refreshMs(run: Run | undefined, orderedAt: string | undefined): number | false {
  if (run === undefined) return false;
  const isOpen = run.status === 'running' || run.status === 'waiting';
  return isOpen || isAwaited(run, orderedAt) ? openMs : false;
}

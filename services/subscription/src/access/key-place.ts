import { type WorkspaceId, workspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { AppError } from '@tidings/runtime';

/**
 * The workspace that a request about keys means: the caller's own, or for the platform the one it names. Throws AppError
 * `forbidden` for anybody else who names another, whether there is such a workspace or not.
 */
export function workspaceOf({ workspaceId: own, scopes }: Principal, named: string | undefined): WorkspaceId {
  if (named === undefined || named === own) return workspaceId(own);
  if (scopes.has('platform')) return workspaceId(named);
  const message = `The key belongs to the workspace '${own}': naming another one takes the scope 'platform'.`;
  throw new AppError({ code: 'forbidden', message });
}

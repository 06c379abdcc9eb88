import { type WorkspaceId, workspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { AppError } from '@tidings/runtime';

/**
 * Returns the workspace of a request about keys: the caller's own, or with the scope `platform` the one that it names.
 * Throws AppError `forbidden` if any other caller names another workspace, whether or not that workspace exists.
 */
export function workspaceOf({ workspaceId: own, scopes }: Principal, named: string | undefined): WorkspaceId {
  if (named === undefined || named === own) return workspaceId(own);
  if (scopes.has('platform')) return workspaceId(named);
  const message = `The key belongs to the workspace '${own}': another workspace requires the scope 'platform'.`;
  throw new AppError({ code: 'forbidden', message });
}

import type { WorkspaceId } from '@tidings/contracts';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import type { Workspace, WorkspaceRules } from './domain/workspace.ts';
import type { WorkspaceRulesBody } from './domain/workspace-body.ts';

type Notice = WorkspaceRules['notice'];

const field = 'notice_url';
const associated = (workspace: WorkspaceId): readonly string[] => [workspace, workspace, field];

/** Returns the URL of a notice in plain text. Throws AppError `seal-broken` if its sealing key is missing. */
export const openNoticeUrl = (ring: KeyRing, workspace: WorkspaceId, sealedUrl: string): string =>
  unseal(ring, sealedUrl, associated(workspace));

/** Returns the notice of a body, sealed. An unchanged URL keeps its current seal, so that it creates no version. */
export function sealNotice(
  ring: KeyRing,
  workspace: WorkspaceId,
  { wanted, before }: Readonly<{ wanted: NonNullable<WorkspaceRulesBody['notice']>; before: Notice }>,
): NonNullable<Notice> {
  const { url, style = 'json' } = wanted;
  const isSame = before !== null && readable(ring, workspace, before.sealedUrl) === url;
  return { sealedUrl: isSame ? before.sealedUrl : seal(ring, url, associated(workspace)), style };
}

/** Returns a notice in request form, without its URL if the seal cannot be opened. */
export function openNotice(ring: KeyRing, workspace: WorkspaceId, notice: Notice): object | null {
  if (notice === null) return null;
  const { sealedUrl, style } = notice;
  const url = readable(ring, workspace, sealedUrl);
  return url === null ? { style } : { url, style };
}

/** Returns the visible part of the URL: its origin without the path, which is a credential in most chat services. */
export function shownNoticeUrl(ring: KeyRing, workspace: WorkspaceId, sealedUrl: string): string {
  const url = readable(ring, workspace, sealedUrl);
  return url === null ? '***' : `${new URL(url).origin}/***`;
}

function readable(ring: KeyRing, workspace: WorkspaceId, sealedUrl: string): string | null {
  try {
    return openNoticeUrl(ring, workspace, sealedUrl);
  } catch (error) {
    if (error instanceof AppError && error.code === 'seal-broken') return null;
    throw error;
  }
}

/** Returns the workspace with its sealed URL replaced by `replace`, or the same object if nothing changes. */
export function withSealedNotice(
  workspace: Workspace,
  replace: (sealed: string, field: string) => string,
): Workspace {
  const { notice } = workspace.rules;
  if (notice === null) return workspace;
  const sealedUrl = replace(notice.sealedUrl, field);
  if (sealedUrl === notice.sealedUrl) return workspace;
  return { ...workspace, rules: { ...workspace.rules, notice: { ...notice, sealedUrl } } };
}

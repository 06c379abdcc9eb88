import type { WorkspaceId } from '@tidings/contracts';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import type { Workspace, WorkspaceRules } from './domain/workspace.ts';
import type { WorkspaceRulesBody } from './domain/workspace-body.ts';

type Notice = WorkspaceRules['notice'];

const field = 'notice_url';
const associated = (workspace: WorkspaceId): readonly string[] => [workspace, workspace, field];

/** The URL of a notice in the clear. Throws AppError `seal-broken` when its sealing key is gone. */
export const openNoticeUrl = (ring: KeyRing, workspace: WorkspaceId, sealedUrl: string): string =>
  unseal(ring, sealedUrl, associated(workspace));

/** The notice that a body asks for. The URL that is there already stays sealed as it is, so that it makes no version. */
export function sealNotice(
  ring: KeyRing,
  workspace: WorkspaceId,
  { wanted, before }: Readonly<{ wanted: NonNullable<WorkspaceRulesBody['notice']>; before: Notice }>,
): NonNullable<Notice> {
  const { url, style = 'json' } = wanted;
  const isSame = before !== null && readable(ring, workspace, before.sealedUrl) === url;
  return { sealedUrl: isSame ? before.sealedUrl : seal(ring, url, associated(workspace)), style };
}

/** A notice as a body would have it; without its URL when that cannot be read any more. */
export function openNotice(ring: KeyRing, workspace: WorkspaceId, notice: Notice): object | null {
  if (notice === null) return null;
  const { sealedUrl, style } = notice;
  const url = readable(ring, workspace, sealedUrl);
  return url === null ? { style } : { url, style };
}

/** What people may see of the URL: where it leads, and nothing of its path, which is a credential with most chats. */
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

/** The workspace with its sealed URL put through `replace`; the very same object when nothing has changed. */
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

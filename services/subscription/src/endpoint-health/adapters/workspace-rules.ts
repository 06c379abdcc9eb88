import type { WorkspaceId, WorkspaceRecord } from '@tidings/contracts';
import type { HealthPolicy } from '../domain/health-transition.ts';
import type { NoticeTarget } from '../domain/notice.ts';

/** What workspaces say of endpoint health. Both look at what is known now. */
export type WorkspaceRules = Readonly<{
  policyOf(workspace: WorkspaceId): HealthPolicy;
  /** null where no notices are wanted. Throws AppError `seal-broken` when the sealing key of the URL is gone. */
  noticeTargetOf(workspace: WorkspaceId): NoticeTarget | null;
}>;

type Rules = Readonly<{
  find(workspace: WorkspaceId): WorkspaceRecord | undefined;
  openUrl(workspace: WorkspaceId, sealedUrl: string): string;
  defaults: HealthPolicy;
}>;

/** The rules of workspaces, and what the operator set for those that are not known. */
export const workspaceRules = ({ find, openUrl, defaults }: Rules): WorkspaceRules => ({
  policyOf: (workspace) => {
    const { disableAfterFailures = defaults.disableAfterFailures } = find(workspace) ?? {};
    return { disableAfterFailures, disableAfterMs: defaults.disableAfterMs };
  },
  noticeTargetOf: (workspace) => {
    const notice = find(workspace)?.notice ?? null;
    return notice === null ? null : { url: openUrl(workspace, notice.sealedUrl), style: notice.style };
  },
});

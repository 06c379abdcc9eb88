import type { WorkspaceId, WorkspaceRecord } from '@tidings/contracts';
import type { HealthPolicy } from '../domain/health-transition.ts';
import type { NoticeTarget } from '../domain/notice.ts';

/** Health settings of workspaces. Both functions read the current workspace records. */
export type WorkspaceRules = Readonly<{
  policyOf(workspace: WorkspaceId): HealthPolicy;
  /**
   * Returns null when the workspace receives no notices. Throws AppError `seal-broken` when the sealing key of the URL
   * is unavailable.
   */
  noticeTargetOf(workspace: WorkspaceId): NoticeTarget | null;
}>;

type Rules = Readonly<{
  find(workspace: WorkspaceId): WorkspaceRecord | undefined;
  openUrl(workspace: WorkspaceId, sealedUrl: string): string;
  defaults: HealthPolicy;
}>;

/** Creates the rules from workspace records; the operator's defaults apply to unknown workspaces. */
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

import {
  accessKeyOf,
  decodeAccess,
  topics,
  type WorkspaceId,
  type WorkspaceRecord,
} from '@tidings/contracts';
import type { Bus, Table } from '@tidings/kafka';
import { type KeyRing, unseal } from '@tidings/runtime';
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
  ring: KeyRing;
  defaults: HealthPolicy;
}>;

/** The rules of workspaces, and what the operator set for those that are not known. */
export const workspaceRules = ({ find, ring, defaults }: Rules): WorkspaceRules => ({
  policyOf: (workspace) => {
    const { disableAfterFailures = defaults.disableAfterFailures } = find(workspace) ?? {};
    return { disableAfterFailures, disableAfterMs: defaults.disableAfterMs };
  },
  noticeTargetOf: (workspace) => {
    const notice = find(workspace)?.notice ?? null;
    if (notice === null) return null;
    const url = unseal(ring, notice.sealedUrl, [workspace, workspace, 'notice_url']);
    return { url, style: notice.style };
  },
});

/** Follows the workspaces on the access topic. */
export const followWorkspaces = async (bus: Pick<Bus, 'table'>): Promise<Table<WorkspaceRecord | null>> =>
  bus.table<WorkspaceRecord | null>({
    topic: topics.access,
    service: 'subscription',
    decode: (record) => {
      const value = decodeAccess(record);
      const isWorkspace = value.type === 'WorkspaceChanged.v1' && value.state !== 'deleted';
      return { key: accessKeyOf(value), version: value.version, value: isWorkspace ? value : null };
    },
  });

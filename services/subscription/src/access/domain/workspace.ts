import type { EventTypePolicy, NoticeStyle, WorkspaceId, WorkspaceRecord } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';
import type { PortalSettings } from './portal/portal-settings.ts';

/** Rules of a workspace. */
export type WorkspaceRules = Readonly<{
  name: string;
  eventTypePolicy: EventTypePolicy;
  allowHttp: boolean;
  maxSubscriptions: number;
  disableAfterFailures: number;
  notice: Readonly<{ sealedUrl: string; style: NoticeStyle }> | null;
  /** Days for which the history keeps what belongs to the workspace; null: the setting of the installation. */
  retentionDays: number | null;
  /** Appearance and embedding of the portal; null: those of Tidings. No other service needs them. */
  portal: PortalSettings | null;
}>;

/** One version of a workspace. Its `id` and `workspaceId` are equal. */
export type Workspace = Versioned &
  Readonly<{ id: WorkspaceId; state: 'active' | 'disabled' | 'deleted'; rules: WorkspaceRules }>;

/** Default rules of a workspace. */
export const defaultRules: Omit<WorkspaceRules, 'name'> = {
  eventTypePolicy: 'strict',
  allowHttp: false,
  maxSubscriptions: 1_000,
  disableAfterFailures: 100,
  notice: null,
  retentionDays: null,
  portal: null,
};

/** Returns version 1 of a workspace. */
export const beginWorkspace = (id: WorkspaceId, rules: WorkspaceRules, nowMs: number): Workspace => ({
  ...firstVersion(nowMs),
  id,
  workspaceId: id,
  state: 'active',
  rules,
});

/** Returns the workspace with other rules, or the same object if nothing changes. */
export function withRules(current: Workspace, change: Partial<WorkspaceRules>, nowMs: number): Workspace {
  const rules = { ...current.rules, ...change };
  if (JSON.stringify(rules) === JSON.stringify(current.rules)) return current;
  return nextVersion(current, { rules }, nowMs);
}

/** Returns the document in `state`, or the same object if it is in that state. */
export const withState = <T extends Versioned>(current: T, state: T['state'], nowMs: number): T =>
  current.state === state ? current : nextVersion(current, { state } as Partial<T>, nowMs);

/** Returns the record for the other services. Equal rules encode to the same bytes, in whatever order they were set. */
export const workspaceRecord = ({ id, version, state, rules }: Workspace): WorkspaceRecord => ({
  type: 'WorkspaceChanged.v1',
  id,
  version,
  state,
  name: rules.name,
  eventTypePolicy: rules.eventTypePolicy,
  allowHttp: rules.allowHttp,
  maxSubscriptions: rules.maxSubscriptions,
  disableAfterFailures: rules.disableAfterFailures,
  notice: rules.notice,
  ...(rules.retentionDays !== null && { retentionDays: rules.retentionDays }),
});

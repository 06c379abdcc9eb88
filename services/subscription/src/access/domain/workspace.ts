import type { EventTypePolicy, NoticeStyle, WorkspaceId, WorkspaceRecord } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** The rules within a workspace. */
export type WorkspaceRules = Readonly<{
  name: string;
  eventTypePolicy: EventTypePolicy;
  allowHttp: boolean;
  maxSubscriptions: number;
  disableAfterFailures: number;
  notice: Readonly<{ sealedUrl: string; style: NoticeStyle }> | null;
}>;

/** One version of a workspace. Its own id is that of the workspace it lies in. */
export type Workspace = Versioned &
  Readonly<{ id: WorkspaceId; state: 'active' | 'disabled' | 'deleted'; rules: WorkspaceRules }>;

/** The rules of a workspace that says nothing else. */
export const defaultRules: Omit<WorkspaceRules, 'name'> = {
  eventTypePolicy: 'strict',
  allowHttp: false,
  maxSubscriptions: 1_000,
  disableAfterFailures: 100,
  notice: null,
};

/** Version 1. */
export const beginWorkspace = (id: WorkspaceId, rules: WorkspaceRules, nowMs: number): Workspace => ({
  ...firstVersion(nowMs),
  id,
  workspaceId: id,
  state: 'active',
  rules,
});

/** With other rules; the same object when nothing changes. */
export function withRules(current: Workspace, change: Partial<WorkspaceRules>, nowMs: number): Workspace {
  const rules = { ...current.rules, ...change };
  if (JSON.stringify(rules) === JSON.stringify(current.rules)) return current;
  return nextVersion(current, { rules }, nowMs);
}

/** Switched on or off: no key of a disabled one is let in. */
export const withState = <T extends Versioned>(current: T, state: T['state'], nowMs: number): T =>
  current.state === state ? current : nextVersion(current, { state } as Partial<T>, nowMs);

/** The version as the services need it: always the same bytes, in whatever order its rules were put together. */
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
});

import { isDeepStrictEqual } from 'node:util';
import { noticeUrlFault, retentionDays, type WorkspaceId } from '@tidings/contracts';
import { compileBody, mergedMembers, validBody } from '@tidings/http';
import type { ErrorDetail } from '@tidings/json';
import { AppError, type KeyRing } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import {
  type Target,
  type WriteParts,
  type Written,
  writeFirst,
  writeVersion,
  writtenBefore,
} from '../registry/write-version.ts';
import { noPortalSettings, portalFaults, portalSettings } from './domain/portal/portal-settings.ts';
import {
  beginWorkspace,
  defaultRules,
  type Workspace,
  type WorkspaceRules,
  withRules,
  withState,
} from './domain/workspace.ts';
import {
  type WorkspaceBody,
  type WorkspacePatch,
  type WorkspaceRulesBody,
  workspaceBodySchemas,
} from './domain/workspace-body.ts';
import { openNotice, sealNotice } from './seal-notice.ts';

/** Operator's defaults for new workspaces, and the limits up to which their own admins may raise settings. */
export type OperatorRules = Readonly<{ maxSubscriptions: number; disableAfterFailures: number }>;

/** Checks a URL by the rules for endpoints. */
type CheckUrl = (url: string) => Promise<Readonly<{ faults: readonly string[] }>>;

/** Dependencies of writing workspaces. */
export type WorkspaceParts = WriteParts<Workspace> &
  Readonly<{ ring: KeyRing; operator: OperatorRules; checkEndpoint: CheckUrl }>;

async function noticeFaults(
  { checkEndpoint }: WorkspaceParts,
  rules: WorkspaceRulesBody,
  allowHttp: boolean,
) {
  if (rules.notice == null) return [];
  const { url, style = 'json' } = rules.notice;
  const { faults } = await checkEndpoint(url);
  const isRefusedHttp = !allowHttp && /^http:/i.test(url);
  const styleFault = noticeUrlFault(url, style);
  return [
    ...faults,
    ...(isRefusedHttp ? ['must be https: this workspace does not allow http'] : []),
    ...(styleFault === null ? [] : [styleFault]),
  ].map((detail): ErrorDetail => ({ pointer: '/notice/url', detail }));
}

/** Returns the faults of settings that only the operator may loosen. The workspace itself may tighten every setting. */
function boundFaults(
  operator: OperatorRules,
  current: WorkspaceRules,
  body: WorkspaceRulesBody,
): ErrorDetail[] {
  const bound = Math.max(operator.maxSubscriptions, current.maxSubscriptions);
  const longest = Math.max(retentionDays.default, current.retentionDays ?? 0);
  return [
    ...(body.allow_http === true && !current.allowHttp
      ? [{ pointer: '/allow_http', detail: 'can only be enabled with the scope platform' }]
      : []),
    ...(body.max_subscriptions !== undefined && body.max_subscriptions > bound
      ? [
          {
            pointer: '/max_subscriptions',
            detail: `can only be raised above ${bound} with the scope platform, got ${body.max_subscriptions}`,
          },
        ]
      : []),
    ...((body.retention_days ?? 0) > longest
      ? [
          {
            pointer: '/retention_days',
            detail: `can only be raised above ${longest} days with the scope platform, got ${body.retention_days}`,
          },
        ]
      : []),
  ];
}

function rulesFrom(
  ring: KeyRing,
  id: WorkspaceId,
  given: Readonly<{ body: WorkspaceRulesBody; before: WorkspaceRules }>,
) {
  const { body, before } = given;
  return {
    name: body.name ?? before.name,
    eventTypePolicy: body.event_type_policy ?? before.eventTypePolicy,
    allowHttp: body.allow_http ?? before.allowHttp,
    maxSubscriptions: body.max_subscriptions ?? before.maxSubscriptions,
    disableAfterFailures: body.disable_after_failures ?? before.disableAfterFailures,
    notice:
      body.notice === undefined
        ? before.notice
        : body.notice === null
          ? null
          : sealNotice(ring, id, { wanted: body.notice, before: before.notice }),
    retentionDays: body.retention_days === undefined ? before.retentionDays : body.retention_days,
    portal: body.portal === undefined ? before.portal : portalOf(body),
  };
}

/** Returns the portal of a body that names it; null if it sets nothing. */
const portalOf = ({ portal }: WorkspaceRulesBody) => {
  const settings = portalSettings(portal ?? null);
  return isDeepStrictEqual(settings, noPortalSettings) ? null : settings;
};

const faultsOfPortal = ({ portal }: WorkspaceRulesBody): ErrorDetail[] =>
  portal == null ? [] : portalFaults(portalSettings(portal));

/** Creates a workspace. Throws AppError `conflict` if the id is taken. */
export async function createWorkspace(
  parts: WorkspaceParts,
  { id, body, by }: Readonly<{ id: WorkspaceId; body: WorkspaceBody; by: Actor }>,
): Promise<Written<Workspace>> {
  const { ring, operator, clock } = parts;
  const scope = { workspaceId: id, consumerId: null };
  const repeated = await writtenBefore(parts, { scope, id, by });
  if (repeated !== null) return repeated;
  const before = { ...defaultRules, ...operator, name: id };
  const urlFaults = await noticeFaults(parts, body, body.allow_http ?? before.allowHttp);
  refuseFaults([...urlFaults, ...faultsOfPortal(body)]);
  const entity = beginWorkspace(id, rulesFrom(ring, id, { body, before }), clock.nowMs());
  const written = await writeFirst(parts, { entity, by });
  if (written !== null) return written;
  const message = `There is a workspace '${id}' already: change it with PATCH.`;
  throw new AppError({ code: 'conflict', message, details: [{ pointer: '/id', detail: 'is taken' }] });
}

/** A change to a workspace. `isOperator`: the caller may exceed the operator's limits. */
export type WorkspaceChange = Readonly<{ body: WorkspacePatch; isOperator: boolean }>;

const validateMerged = compileBody<WorkspaceRulesBody>(workspaceBodySchemas.merged);

/** Merges a patch into the rules of a workspace (PATCH, RFC 7396). */
export async function changeWorkspace(
  parts: WorkspaceParts,
  target: Target,
  { body: patch, isOperator }: WorkspaceChange,
): Promise<Written<Workspace>> {
  const { ring, operator, clock } = parts;
  return writeVersion(parts, target, {
    operation: 'changed',
    change: async (current) => {
      const { rules } = current;
      const notice = patch.notice == null ? null : openNotice(ring, current.id, rules.notice);
      const body = validBody(mergedMembers({ notice, portal: rules.portal }, patch), validateMerged);
      refuseFaults([
        ...(isOperator ? [] : boundFaults(operator, rules, body)),
        ...(await noticeFaults(parts, body, body.allow_http ?? rules.allowHttp)),
        ...faultsOfPortal(body),
      ]);
      return withRules(current, rulesFrom(ring, current.id, { body, before: rules }), clock.nowMs());
    },
  });
}

/** Enables or disables a workspace. Keys of a disabled workspace are refused, except those of the operator. */
export const switchWorkspace = async (
  parts: WriteParts<Workspace>,
  target: Target,
  state: 'active' | 'disabled',
): Promise<Written<Workspace>> =>
  writeVersion(parts, target, {
    operation: state === 'active' ? 'enabled' : 'disabled',
    change: (current) => withState(current, state, parts.clock.nowMs()),
  });

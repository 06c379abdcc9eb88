import { hashOfKey, prefixOfKey } from '@tidings/access';
import { accessScopes, type EventTypePolicy, type WorkspaceId } from '@tidings/contracts';
import { type Documents, newestVersionOf } from '../registry/documents.ts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { writeFirst, writeVersion } from '../registry/write-version.ts';
import { type ApiKey, beginKey, rehashed, revoked } from './domain/api-key.ts';
import { beginWorkspace, defaultRules, type Workspace } from './domain/workspace.ts';

/** Operator's settings from the environment. */
export type BootstrapSettings = Readonly<{
  adminKey: string;
  workspaceId: WorkspaceId;
  eventTypePolicy: EventTypePolicy;
  allowHttp: boolean;
  maxSubscriptions: number;
  disableAfterFailures: number;
}>;

/** Dependencies of the bootstrap. */
export type BootstrapParts = Readonly<{
  workspaces: Documents<Workspace>;
  apiKeys: Documents<ApiKey>;
  settings: BootstrapSettings;
  /** True once it is known what the topics have: an empty database may be a lost one. */
  areTopicsRead: boolean;
}>;

const bootstrapId = (workspaceId: WorkspaceId): string => `key_admin_${workspaceId}`;

/**
 * Ensures that the operator's key in the environment opens the operator's workspace, and revokes earlier operator keys.
 * Creates the workspace if it is missing and never changes an existing one: after creation, only the API does. Does nothing
 * if something is missing and the topics have not been read (`waiting`), or have it (`lost`). Says to all kinds whether the
 * database has the registry, and so whether anything may be created.
 */
export async function ensureBootstrap(parts: BootstrapParts): Promise<'done' | 'waiting' | 'lost'> {
  const { workspaces, apiKeys, settings, areTopicsRead } = parts;
  const { workspaceId } = settings;
  const known = [await stateOf(workspaces, workspaceId), await stateOf(apiKeys, bootstrapId(workspaceId))];
  const { presence } = workspaces;
  if (known.some((one) => one !== 'stored') && !areTopicsRead) {
    presence.set('unknown');
    return 'waiting';
  }
  if (known.includes('lost')) {
    presence.set('lost');
    return 'lost';
  }
  presence.set('present');
  await ensureWorkspace(parts);
  await ensureKey(parts);
  await endOtherKeys(parts);
  return 'done';
}

async function stateOf<T extends Versioned>(
  documents: Documents<T>,
  id: string,
): Promise<'stored' | 'new' | 'lost'> {
  if ((await documents.store.findAnywhere(id)) !== null) return 'stored';
  return newestVersionOf(documents, id) === 0 ? 'new' : 'lost';
}

async function ensureWorkspace({ workspaces, settings }: BootstrapParts): Promise<void> {
  const { workspaceId: id, eventTypePolicy, allowHttp, maxSubscriptions, disableAfterFailures } = settings;
  if ((await workspaces.store.findAnywhere(id)) !== null) return;
  const given = { eventTypePolicy, allowHttp, maxSubscriptions, disableAfterFailures };
  const rules = { ...defaultRules, name: id, ...given };
  const entity = beginWorkspace(id, rules, workspaces.clock.nowMs());
  await writeFirst(workspaces, { entity, by: systemActor });
}

async function ensureKey({ apiKeys, settings }: BootstrapParts): Promise<void> {
  const { adminKey, workspaceId } = settings;
  const id = bootstrapId(workspaceId);
  const secret = { hash: hashOfKey(adminKey), prefix: prefixOfKey(adminKey) };
  const nowMs = apiKeys.clock.nowMs();
  if ((await apiKeys.store.findAnywhere(id)) === null) {
    const grant = {
      name: 'ADMIN_KEY of the environment',
      consumerId: null,
      scopes: accessScopes,
      expiresAtMs: null,
      requestsPerSecond: null,
      spool: false,
      maxPayloadBytes: null,
    };
    const entity = beginKey({
      id,
      workspaceId,
      grant,
      ...secret,
      isBootstrap: true,
      createdBy: null,
      nowMs,
    });
    if ((await writeFirst(apiKeys, { entity, by: systemActor })) !== null) return;
  }
  const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
  const change = (current: ApiKey): ApiKey => rehashed(current, secret, nowMs);
  await writeVersion(apiKeys, target, { operation: 'changed', change });
}

async function endOtherKeys({ apiKeys, settings }: BootstrapParts): Promise<void> {
  const own = bootstrapId(settings.workspaceId);
  const where = { in: { bootstrap: [true], state: ['active'] } };
  const { items } = await apiKeys.store.listAll({ afterId: null, limit: 100, where });
  for (const { id, workspaceId } of items) {
    if (id === own) continue;
    const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
    const change = (current: ApiKey): ApiKey => revoked(current, apiKeys.clock.nowMs());
    await writeVersion(apiKeys, target, { operation: 'revoked', change });
  }
}

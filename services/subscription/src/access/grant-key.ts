import { hashOfKey, newApiKey, prefixOfKey } from '@tidings/access';
import {
  type AccessScope,
  accessScopes,
  type ConsumerId,
  consumerScopes,
  newKeyId,
  type WorkspaceId,
} from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { type Written, writeFirst } from '../registry/write-version.ts';
import { type ApiKey, beginKey, type KeyGrant } from './domain/api-key.ts';
import { consumerFault, type Workspaces } from './workspace-directory.ts';

/** What granting works with. */
export type GrantParts = Workspaces & Readonly<{ apiKeys: Documents<ApiKey> }>;

/** Who asks for a key, and for what. `held` are the scopes of the key that asks. */
export type KeyRequest = Readonly<{
  workspaceId: WorkspaceId;
  held: ReadonlySet<string>;
  grant: KeyGrant;
  by: Actor;
}>;

/** The new key, and the key itself, which nobody can read again. */
export type GrantedKey = Written<ApiKey> & Readonly<{ key: string }>;

const refusal = (pointer: string, detail: string): AppError =>
  new AppError({ code: 'unprocessable', message: detail, details: [{ pointer, detail }] });

/** Throws AppError `unprocessable` for scopes that may not be granted: not by this key, or not to a consumer. */
export function requireGrantable(
  scopes: readonly AccessScope[],
  { held, isForConsumer }: Readonly<{ held: ReadonlySet<string>; isForConsumer: boolean }>,
): void {
  const allowed: readonly string[] = isForConsumer ? consumerScopes : accessScopes;
  const foreign = scopes.find((scope) => !allowed.includes(scope));
  if (foreign !== undefined) {
    const detail = `A key of one consumer may hold ${consumerScopes.join(', ')}; not '${foreign}'.`;
    throw refusal('/scopes', detail);
  }
  // `admin` is everything within its workspace, `platform` everything.
  const isHeld = (scope: AccessScope): boolean =>
    held.has(scope) || held.has('platform') || (scope !== 'platform' && held.has('admin'));
  const beyond = scopes.find((scope) => !isHeld(scope));
  if (beyond !== undefined)
    throw refusal('/scopes', `This key does not hold '${beyond}' and cannot grant it.`);
}

/** Throws AppError `unprocessable` for a consumer that a strict workspace does not know. */
export async function requireConsumer(
  parts: Workspaces,
  workspaceId: WorkspaceId,
  consumerId: ConsumerId,
): Promise<void> {
  const fault = await consumerFault(parts, { workspaceId, consumerId });
  if (fault !== null) throw refusal('/consumer_id', `consumer_id ${fault}.`);
}

/** Makes a key. It is shown in the answer and kept as a hash. */
export async function grantKey(parts: GrantParts, request: KeyRequest): Promise<GrantedKey> {
  const { apiKeys } = parts;
  const { workspaceId, held, grant, by } = request;
  requireGrantable(grant.scopes, { held, isForConsumer: grant.consumerId !== null });
  if (grant.consumerId !== null) await requireConsumer(parts, workspaceId, grant.consumerId);
  const key = newApiKey();
  const nowMs = apiKeys.clock.nowMs();
  const entity = beginKey({
    id: newKeyId(nowMs),
    workspaceId,
    grant,
    hash: hashOfKey(key),
    prefix: prefixOfKey(key),
    isBootstrap: false,
    createdBy: by.keyId,
    nowMs,
  });
  const written = await writeFirst(apiKeys, { entity, by });
  if (written === null) throw new AppError({ code: 'conflict', message: 'The new id is taken: repeat it.' });
  return { ...written, key };
}

import { hashOfKey, newApiKey, prefixOfKey } from '@tidings/access';
import { type ConsumerId, consumerId, consumerScopes } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import type { ErrorDetail } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type Written, writeFirst, writeVersion } from '../registry/write-version.ts';
import { type ApiKey, beginKey, type KeyGrant, rehashed } from './domain/api-key.ts';
import { beyondConsumers, holds } from './domain/grant-rules.ts';
import type { KeyBody } from './domain/key-request.ts';
import { workspaceOf } from './key-workspace.ts';
import { consumerFault, ensureConsumer, type Workspaces } from './workspace-directory.ts';

/** Dependencies of creating API keys. */
export type CreateKeyParts = Workspaces & Readonly<{ apiKeys: Documents<ApiKey> }>;

/** A requested key and its caller. `id` is reserved by the caller: a repeat finds what the first run wrote. */
export type KeyCreation = Readonly<{ principal: Principal; body: KeyBody; id: string; by: Actor }>;

/** A new key. `shown` is the key itself, which is not stored. */
export type CreatedKey = Written<ApiKey> & Readonly<{ shown: string }>;

/** Creates an API key. */
export async function createApiKey(parts: CreateKeyParts, creation: KeyCreation): Promise<CreatedKey> {
  const { principal, body, id, by } = creation;
  refuseMoreThanHeld(principal, body);
  const workspaceId = workspaceOf(principal, body.workspace_id);
  const nowMs = parts.apiKeys.clock.nowMs();
  refuseFaults(faultsOf(body, nowMs));
  if ((await parts.workspaces.store.findAnywhere(workspaceId)) === null) {
    refuseFaults([
      { pointer: '/workspace_id', detail: `names a workspace '${workspaceId}' that does not exist` },
    ]);
  }
  const consumer = body.consumer_id == null ? null : consumerId(body.consumer_id);
  if (consumer !== null) {
    const ref = { workspaceId, consumerId: consumer };
    const fault = await consumerFault(parts, ref);
    refuseFaults(fault === null ? [] : [{ pointer: '/consumer_id', detail: fault }]);
    await ensureConsumer(parts, ref, by);
  }
  const shown = newApiKey();
  const entity = beginKey({
    id,
    workspaceId,
    grant: grantOf(body, consumer),
    hash: hashOfKey(shown),
    prefix: prefixOfKey(shown),
    isBootstrap: false,
    createdBy: by.keyId,
    nowMs,
  });
  const written = await writeFirst(parts.apiKeys, { entity, by });
  return { ...(written ?? (await recreate(parts, { entity, by }))), shown };
}

const grantOf = (body: KeyBody, consumer: ConsumerId | null): KeyGrant => ({
  name: body.name ?? null,
  consumerId: consumer,
  scopes: body.scopes,
  expiresAtMs: body.expires_at == null ? null : Date.parse(body.expires_at),
  requestsPerSecond: body.requests_per_second ?? null,
  spool: body.spool ?? false,
  maxPayloadBytes: body.max_payload_bytes ?? null,
});

// An earlier run of the same request reserved the id, wrote a key and died before the response. The new key replaces
// it, so that the request leaves exactly one key, which its caller has received.
async function recreate(
  { apiKeys }: CreateKeyParts,
  { entity, by }: Readonly<{ entity: ApiKey; by: Actor }>,
): Promise<Written<ApiKey>> {
  const target = {
    scope: { workspaceId: entity.workspaceId, consumerId: null },
    id: entity.id,
    ifMatch: null,
    // Without the run: the key that an earlier run wrote is replaced instead of counting as done.
    by: { keyId: by.keyId, address: by.address },
  };
  return writeVersion(apiKeys, target, {
    operation: 'made-anew',
    change: (current) => {
      if (current.state === 'active') return rehashed(current, entity, apiKeys.clock.nowMs());
      const message =
        'The API key that this Idempotency-Key created is revoked: send another Idempotency-Key to create a new API key.';
      throw new AppError({ code: 'conflict', message });
    },
  });
}

function refuseMoreThanHeld({ scopes: held }: Principal, { scopes }: KeyBody): void {
  const lacking = scopes.filter((scope) => !holds(held, scope));
  if (lacking.length === 0) return;
  const message = `A key can grant only scopes that it has: yours does not have ${lacking.join(', ')}.`;
  throw new AppError({ code: 'forbidden', message });
}

function faultsOf({ consumer_id, scopes, expires_at }: KeyBody, nowMs: number): readonly ErrorDetail[] {
  const beyond = consumer_id == null ? [] : beyondConsumers(scopes);
  const allowed = consumerScopes.join(', ');
  const isOver = expires_at != null && Date.parse(expires_at) <= nowMs;
  const now = new Date(nowMs).toISOString();
  return [
    ...(beyond.length === 0
      ? []
      : [
          {
            pointer: '/scopes',
            detail: `has ${beyond.join(', ')}: a key of one consumer may have ${allowed}`,
          },
        ]),
    ...(isOver
      ? [{ pointer: '/expires_at', detail: `must be in the future, got ${expires_at} at ${now}` }]
      : []),
  ];
}

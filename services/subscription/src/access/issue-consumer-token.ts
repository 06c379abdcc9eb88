import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { signConsumerToken } from '@tidings/access';
import { consumerId, consumerScopes, type WorkspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import { type Actor, systemActor } from '../registry/domain/audit-entry.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { writeFirst } from '../registry/write-version.ts';
import { holds } from './domain/grant-rules.ts';
import { type TokenBody, tokenSeconds } from './domain/key-request.ts';
import { beginTokenKey, sealedPrivateField, type TokenKey, tokenKeyId } from './domain/token-key.ts';
import { workspaceOf } from './key-workspace.ts';
import { consumerFault, ensureConsumer, type Workspaces } from './workspace-directory.ts';

/** Dependencies of signing tokens. */
export type TokenParts = Workspaces & Readonly<{ tokenKeys: Documents<TokenKey>; ring: KeyRing }>;

/** Creates the id of a token. */
export const newTokenId = (): string => `tok_${randomUUID().replaceAll('-', '')}`;

/** A requested token and its caller. `id` is reserved by the caller: a repeated request returns the same token. */
export type TokenRequest = Readonly<{ principal: Principal; body: TokenBody; id: string; by: Actor }>;

/** A token and its expiry, in epoch milliseconds. */
export type IssuedToken = Readonly<{ token: string; scopes: readonly string[]; expiresAtMs: number }>;

/** Signs a short-lived token for one consumer, for use in a browser instead of a key. */
export async function issueConsumerToken(
  parts: TokenParts,
  { principal, body, id, by }: TokenRequest,
): Promise<IssuedToken> {
  const workspaceId = workspaceOf(principal, undefined);
  const ref = { workspaceId, consumerId: consumerId(body.consumer_id) };
  const scopes = body.scopes ?? consumerScopes;
  const lacking = scopes.filter((scope) => !holds(principal.scopes, scope));
  if (lacking.length > 0) {
    const message = `A key can grant only scopes that it has: yours does not have ${lacking.join(', ')}.`;
    throw new AppError({ code: 'forbidden', message });
  }
  const fault = await consumerFault(parts, ref);
  refuseFaults(fault === null ? [] : [{ pointer: '/consumer_id', detail: fault }]);
  await ensureConsumer(parts, ref, by);
  const key = await ensureTokenKey(parts, workspaceId);
  // Token times are whole seconds.
  const issuedAtMs = Math.floor(parts.tokenKeys.clock.nowMs() / 1_000) * 1_000;
  const expiresAtMs = issuedAtMs + (body.expires_in_seconds ?? tokenSeconds.default) * 1_000;
  const d = unseal(parts.ring, key.sealedPrivate, associatedWith(workspaceId));
  const token = await signConsumerToken(
    {
      id,
      ...ref,
      scopes,
      madeBy: principal.keyId,
      issuedAtMs,
      expiresAtMs,
    },
    { kid: key.id, privateJwk: { kty: 'OKP', crv: 'Ed25519', x: key.publicX, d } },
  );
  return { token, scopes, expiresAtMs };
}

const associatedWith = (workspaceId: WorkspaceId): readonly string[] => [
  workspaceId,
  tokenKeyId(workspaceId),
  sealedPrivateField,
];

/**
 * Returns the key pair of a workspace, creating it if it is missing. Of two created at once, the first written is used.
 */
async function ensureTokenKey({ tokenKeys, ring }: TokenParts, workspaceId: WorkspaceId): Promise<TokenKey> {
  const id = tokenKeyId(workspaceId);
  const known = await tokenKeys.store.findAnywhere(id);
  if (known !== null) return known;
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const pair = { publicX: x, sealedPrivate: seal(ring, d, associatedWith(workspaceId)) };
  const entity = beginTokenKey(workspaceId, pair, tokenKeys.clock.nowMs());
  const written = await writeFirst(tokenKeys, { entity, by: systemActor });
  const found = written?.entity ?? (await tokenKeys.store.findAnywhere(id));
  if (found !== null) return found;
  throw new AppError({
    code: 'unavailable',
    message: 'The key that signs tokens is being created: repeat the request.',
  });
}

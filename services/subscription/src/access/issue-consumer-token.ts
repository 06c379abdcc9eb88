import { randomUUID } from 'node:crypto';
import { signConsumerToken } from '@tidings/access';
import { consumerId, consumerScopes, type WorkspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { holds } from './domain/grant-rules.ts';
import { type TokenBody, tokenSeconds } from './domain/key-request.ts';
import { type Signing, signingOf } from './domain/token-key-times.ts';
import { workspaceOf } from './key-workspace.ts';
import {
  createTokenKey,
  privateJwkOf,
  type TokenKeyParts,
  tokenKeysOf,
} from './token-keys/token-key-pairs.ts';
import { consumerFault, ensureConsumer, type Workspaces } from './workspace-directory.ts';

/** Dependencies of signing tokens. */
export type TokenParts = Workspaces & TokenKeyParts;

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
  const { key, endByMs } = await ensureSigning(parts, workspaceId);
  // Token times are whole seconds.
  const issuedAtMs = Math.floor(parts.tokenKeys.clock.nowMs() / 1_000) * 1_000;
  const askedForMs = issuedAtMs + (body.expires_in_seconds ?? tokenSeconds.default) * 1_000;
  const expiresAtMs = Math.min(askedForMs, Math.floor(endByMs / 1_000) * 1_000);
  if (expiresAtMs <= issuedAtMs) {
    const message = `Kafka has not confirmed the new key pair that signs tokens, and the time of '${key.id}' is over: repeat the request.`;
    throw new AppError({ code: 'unavailable', message });
  }
  const token = await signConsumerToken(
    {
      id,
      ...ref,
      scopes,
      madeBy: principal.keyId,
      issuedAtMs,
      expiresAtMs,
    },
    { kid: key.id, privateJwk: privateJwkOf(parts.ring, key) },
  );
  return { token, scopes, expiresAtMs };
}

/** Returns the key pair that signs, creating the first one if the workspace has none. */
async function ensureSigning(parts: TokenParts, workspaceId: WorkspaceId): Promise<Signing> {
  const { clock } = parts.tokenKeys;
  const known = await tokenKeysOf(parts, workspaceId);
  const signing = signingOf(known, clock.nowMs());
  if (signing !== undefined) return signing;
  const created = await createTokenKey(parts, workspaceId, known);
  const found = signingOf(
    created === null ? await tokenKeysOf(parts, workspaceId) : [created.entity],
    clock.nowMs(),
  );
  if (found !== undefined) return found;
  throw new AppError({
    code: 'unavailable',
    message: 'The key that signs tokens is being created: repeat the request.',
  });
}

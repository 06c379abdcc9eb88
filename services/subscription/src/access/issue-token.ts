import { randomUUID } from 'node:crypto';
import { type ConsumerToken, signConsumerToken } from '@tidings/access';
import type { AccessScope, ConsumerId, WorkspaceId } from '@tidings/contracts';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Documents } from '../registry/documents.ts';
import { type Actor, ourselves } from '../registry/domain/audit-entry.ts';
import { writeFirst } from '../registry/write-version.ts';
import { consumerKey } from './domain/consumer.ts';
import { beginTokenKey, type TokenKey, tokenKeyId } from './domain/token-key.ts';
import { requireConsumer, requireGrantable } from './grant-key.ts';
import type { Workspaces } from './workspace-directory.ts';

/** What issuing works with. */
export type TokenParts = Workspaces & Readonly<{ tokenKeys: Documents<TokenKey>; ring: KeyRing }>;

/** Who asks for a token, and for whom. `held` are the scopes of the key that asks. */
export type TokenRequest = Readonly<{
  workspaceId: WorkspaceId;
  consumerId: ConsumerId;
  held: ReadonlySet<string>;
  scopes: readonly AccessScope[];
  lifetimeMs: number;
  by: Actor;
}>;

/** The token as text, and what it says. */
export type IssuedToken = Readonly<{ text: string; token: ConsumerToken }>;

/** Signs a short-lived token for one consumer. Nothing is written but, at the first, the key pair of the workspace. */
export async function issueToken(parts: TokenParts, request: TokenRequest): Promise<IssuedToken> {
  const { workspaceId, consumerId, held, scopes, lifetimeMs, by } = request;
  requireGrantable(scopes, { held, isForConsumer: true });
  await requireConsumer(parts, workspaceId, consumerId);
  const consumer = await parts.consumers.store.findAnywhere(consumerKey({ workspaceId, consumerId }));
  if (consumer?.state !== 'active') {
    const detail = `The consumer '${consumerId}' is not active: no token of it would be let in.`;
    const details = [{ pointer: '/consumer_id', detail }];
    throw new AppError({ code: 'unprocessable', message: detail, details });
  }
  const pair = await tokenKeyOf(parts, workspaceId);
  const issuedAtMs = parts.tokenKeys.clock.nowMs();
  const token: ConsumerToken = {
    id: `tok_${randomUUID().replaceAll('-', '')}`,
    workspaceId,
    consumerId,
    scopes,
    madeBy: by.keyId ?? '',
    issuedAtMs,
    expiresAtMs: issuedAtMs + lifetimeMs,
  };
  const privateJwk = JSON.parse(
    unseal(parts.ring, pair.sealedPrivate, associated(workspaceId, pair.id)),
  ) as JWK;
  return { text: await signConsumerToken(token, { kid: pair.id, privateJwk }), token };
}

const associated = (workspaceId: WorkspaceId, id: string): readonly string[] => [
  workspaceId,
  id,
  'token_key',
];

/** The pair of a workspace, made at its first use. Throws AppError `unavailable` while its public half is in no topic. */
async function tokenKeyOf({ tokenKeys, ring }: TokenParts, workspaceId: WorkspaceId): Promise<TokenKey> {
  const id = tokenKeyId(workspaceId);
  const found = await tokenKeys.store.findAnywhere(id);
  if (found !== null) return found;
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const { x = '' } = await exportJWK(publicKey);
  const sealedPrivate = seal(ring, JSON.stringify(await exportJWK(privateKey)), associated(workspaceId, id));
  const entity = beginTokenKey(workspaceId, { publicX: x, sealedPrivate }, tokenKeys.clock.nowMs());
  const written = await writeFirst(tokenKeys, { entity, by: ourselves });
  if (written?.propagated === true) return written.entity;
  const message = 'The key that signs tokens is being made known: repeat the request in a moment.';
  throw new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs: 1_000 });
}

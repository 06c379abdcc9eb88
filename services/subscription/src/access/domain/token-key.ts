import type { Ended, TokenKeyRecord, WorkspaceId } from '@tidings/contracts';
import { firstVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** Key pair that signs the consumer tokens of a workspace. The private half is sealed. */
export type TokenKey = Versioned &
  Readonly<{
    state: 'active' | 'deleted';
    publicX: string;
    sealedPrivate: string;
    /** Tokens that were signed out; null: none. */
    ended: Ended | null;
  }>;

/** Returns the id of the key pair of a workspace. Each workspace has one. */
export const tokenKeyId = (workspaceId: WorkspaceId): string => `${workspaceId}/1`;

/** Last part of the associated data of the sealed private half, after the workspace and the id. */
export const sealedPrivateField = 'private_key';

/** Returns version 1 of a key pair. */
export const beginTokenKey = (
  workspaceId: WorkspaceId,
  pair: Readonly<{ publicX: string; sealedPrivate: string }>,
  nowMs: number,
): TokenKey => ({
  ...firstVersion(nowMs),
  ...pair,
  id: tokenKeyId(workspaceId),
  workspaceId,
  state: 'active',
  ended: null,
});

/** Returns the record of this version for the other services: the public half only. */
export const tokenKeyRecord = (key: TokenKey): TokenKeyRecord => ({
  type: 'TokenKeyChanged.v1',
  id: key.id,
  workspaceId: key.workspaceId,
  version: key.version,
  state: key.state,
  jwk: { kty: 'OKP', crv: 'Ed25519', x: key.publicX },
  ...(key.ended !== null && { ended: key.ended }),
});

/** Returns the pair with its private half replaced by `replace`, or the same object if nothing changes. */
export function withSealedPrivate(
  key: TokenKey,
  replace: (sealed: string, field: string) => string,
): TokenKey {
  const sealedPrivate = replace(key.sealedPrivate, sealedPrivateField);
  return sealedPrivate === key.sealedPrivate ? key : { ...key, sealedPrivate };
}

import type { Ended, TokenKeyRecord, WorkspaceId } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** A key pair that signs consumer tokens of a workspace. The private half is sealed. */
export type TokenKey = Versioned &
  Readonly<{
    state: 'active' | 'deleted';
    publicX: string;
    /** No seal once the pair was removed: nothing is left that could sign, or that needs a sealing key. */
    sealedPrivate: string;
    /** Tokens of this pair that were signed out; null: none. */
    ended: Ended | null;
  }>;

/** Names a key pair: those of a workspace are counted from 1, and the newest has the largest number. */
export type TokenKeyRef = Readonly<{ workspaceId: WorkspaceId; number: number }>;

/** Returns the id of a key pair. */
export const tokenKeyId = ({ workspaceId, number }: TokenKeyRef): string => `${workspaceId}/${number}`;

/** Returns the number of a key pair. */
export const numberOf = ({ id }: Pick<TokenKey, 'id'>): number => Number(id.slice(id.lastIndexOf('/') + 1));

/** Last part of the associated data of the sealed private half, after the workspace and the id. */
export const sealedPrivateField = 'private_key';

/** Returns version 1 of a key pair. */
export const beginTokenKey = (
  ref: TokenKeyRef,
  pair: Readonly<{ publicX: string; sealedPrivate: string }>,
  nowMs: number,
): TokenKey => ({
  ...firstVersion(nowMs),
  ...pair,
  id: tokenKeyId(ref),
  workspaceId: ref.workspaceId,
  state: 'active',
  ended: null,
});

/** Returns the last version of a key pair, without its private half: no token of it verifies any more. */
export const removedTokenKey = (key: TokenKey, nowMs: number): TokenKey =>
  nextVersion(key, { state: 'deleted', deletedAtMs: nowMs, sealedPrivate: 'removed', ended: null }, nowMs);

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
  if (key.state === 'deleted') return key;
  const sealedPrivate = replace(key.sealedPrivate, sealedPrivateField);
  return sealedPrivate === key.sealedPrivate ? key : { ...key, sealedPrivate };
}

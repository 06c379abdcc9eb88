import type { TokenKeyRecord, WorkspaceId } from '@tidings/contracts';
import { firstVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** The key pair that signs the consumer tokens of a workspace. The private half is sealed. */
export type TokenKey = Versioned &
  Readonly<{ state: 'active' | 'deleted'; publicX: string; sealedPrivate: string }>;

/** The id of the pair of a workspace: there is one. */
export const tokenKeyId = (workspaceId: WorkspaceId): string => `${workspaceId}/1`;

/** What the private half is sealed for, after the workspace and the id. */
export const sealedPrivateField = 'private_key';

/** Version 1. */
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
});

/** The version as the services need it: the public half only. */
export const tokenKeyRecord = (key: TokenKey): TokenKeyRecord => ({
  type: 'TokenKeyChanged.v1',
  id: key.id,
  workspaceId: key.workspaceId,
  version: key.version,
  state: key.state,
  jwk: { kty: 'OKP', crv: 'Ed25519', x: key.publicX },
});

/** The pair with its private half put through `replace`; the very same object when that changes nothing. */
export function withSealedPrivate(
  key: TokenKey,
  replace: (sealed: string, field: string) => string,
): TokenKey {
  const sealedPrivate = replace(key.sealedPrivate, sealedPrivateField);
  return sealedPrivate === key.sealedPrivate ? key : { ...key, sealedPrivate };
}

import { generateKeyPairSync } from 'node:crypto';
import type { WorkspaceId } from '@tidings/contracts';
import { type KeyRing, seal, unseal } from '@tidings/runtime';
import type { Documents } from '../../registry/documents.ts';
import { systemActor } from '../../registry/domain/audit-entry.ts';
import { pagesOf } from '../../registry/maintenance/sweep-unpublished.ts';
import { type Written, writeFirst } from '../../registry/write-version.ts';
import {
  beginTokenKey,
  numberOf,
  sealedPrivateField,
  type TokenKey,
  type TokenKeyRef,
  tokenKeyId,
} from '../domain/token-key.ts';

/** Dependencies of key pairs. */
export type TokenKeyParts = Readonly<{ tokenKeys: Documents<TokenKey>; ring: KeyRing }>;

/** Returns all key pairs of a workspace, the newest first; those that were removed are among them until they are purged. */
export async function tokenKeysOf(
  { tokenKeys }: Pick<TokenKeyParts, 'tokenKeys'>,
  workspaceId: WorkspaceId,
): Promise<readonly TokenKey[]> {
  const scope = { workspaceId, consumerId: null };
  const found: TokenKey[] = [];
  const read = pagesOf(async (page) =>
    tokenKeys.store.list(scope, { ...page, where: {}, order: 'rising' as const }),
  );
  for await (const page of read) found.push(...page);
  // By number: as text, 10 is before 9.
  return found.sort((one, other) => numberOf(other) - numberOf(one));
}

const associatedWith = (ref: TokenKeyRef): readonly string[] => [
  ref.workspaceId,
  tokenKeyId(ref),
  sealedPrivateField,
];

/** Creates the key pair that follows these, which are all of the workspace. Returns null if another process has created it. */
export async function createTokenKey(
  { tokenKeys, ring }: TokenKeyParts,
  workspaceId: WorkspaceId,
  [newest]: readonly TokenKey[],
): Promise<Written<TokenKey> | null> {
  const ref = { workspaceId, number: newest === undefined ? 1 : numberOf(newest) + 1 };
  const { x = '', d = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const pair = { publicX: x, sealedPrivate: seal(ring, d, associatedWith(ref)) };
  const entity = beginTokenKey(ref, pair, tokenKeys.clock.nowMs());
  return writeFirst(tokenKeys, { entity, by: systemActor });
}

/** Opens the private half of a key pair. Throws AppError `seal-broken` if no key of the ring does. */
export function privateJwkOf(ring: KeyRing, key: TokenKey) {
  const associated = associatedWith({ workspaceId: key.workspaceId, number: numberOf(key) });
  const d = unseal(ring, key.sealedPrivate, associated);
  return { kty: 'OKP', crv: 'Ed25519', x: key.publicX, d } as const;
}

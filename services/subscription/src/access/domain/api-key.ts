import type { AccessScope, ApiKeyRecord, ConsumerId, Ended, WorkspaceId } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** Permissions and limits of a key. */
export type KeyGrant = Readonly<{
  name: string | null;
  consumerId: ConsumerId | null;
  scopes: readonly AccessScope[];
  expiresAtMs: number | null;
  requestsPerSecond: number | null;
  /** True: ingress may keep events of the key on its disk while the log does not acknowledge. */
  spool: boolean;
  /** Maximum size of an event, in bytes; null: as the installation allows. */
  maxPayloadBytes: number | null;
}>;

/** One version of an API key. */
export type ApiKey = Versioned &
  Readonly<{
    state: 'active' | 'revoked' | 'deleted';
    grant: KeyGrant;
    hash: string;
    prefix: string;
    /** True for the operator's own key, which follows the environment of the service. */
    isBootstrap: boolean;
    createdBy: string | null;
    /** Browser sessions that were signed out; null: none. */
    ended: Ended | null;
  }>;

/** Fields of a new key. */
export type KeyBeginning = Readonly<{
  id: string;
  workspaceId: WorkspaceId;
  grant: KeyGrant;
  hash: string;
  prefix: string;
  isBootstrap: boolean;
  createdBy: string | null;
  nowMs: number;
}>;

/** Returns version 1 of a key. */
export const beginKey = ({ nowMs, ...beginning }: KeyBeginning): ApiKey => ({
  ...firstVersion(nowMs),
  ...beginning,
  state: 'active',
  ended: null,
});

/** Returns the key as revoked, permanently. */
export const revoked = (current: ApiKey, nowMs: number): ApiKey =>
  current.state === 'revoked' ? current : nextVersion(current, { state: 'revoked' }, nowMs);

/** Returns the same grant under another key, or the same object if that key is already active. */
export const rehashed = (
  current: ApiKey,
  { hash, prefix }: Pick<ApiKey, 'hash' | 'prefix'>,
  nowMs: number,
): ApiKey =>
  current.hash === hash && current.state === 'active'
    ? current
    : nextVersion(current, { hash, prefix, state: 'active' }, nowMs);

/** Returns the state that the API shows. An expired key is `expired`, although no version is written at that time. */
export const shownState = ({ state, grant }: ApiKey, nowMs: number): ApiKey['state'] | 'expired' =>
  state === 'active' && grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs ? 'expired' : state;

/** Returns the record of this version for the other services. */
export const apiKeyRecord = (key: ApiKey): ApiKeyRecord => ({
  type: 'ApiKeyChanged.v1',
  id: key.id,
  workspaceId: key.workspaceId,
  consumerId: key.grant.consumerId,
  version: key.version,
  state: key.state,
  hash: key.hash,
  prefix: key.prefix,
  scopes: key.grant.scopes,
  expiresAtMs: key.grant.expiresAtMs,
  requestsPerSecond: key.grant.requestsPerSecond,
  // A revoked key has no sessions, and a release before this one can read its record.
  ...(key.ended !== null && key.state === 'active' && { ended: key.ended }),
  ...(key.grant.spool && { spool: true }),
  ...(key.grant.maxPayloadBytes !== null && { maxPayloadBytes: key.grant.maxPayloadBytes }),
});

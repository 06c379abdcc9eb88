import type { AccessScope, ApiKeyRecord, ConsumerId, WorkspaceId } from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** What a key stands for. */
export type KeyGrant = Readonly<{
  name: string | null;
  consumerId: ConsumerId | null;
  scopes: readonly AccessScope[];
  expiresAtMs: number | null;
  requestsPerSecond: number | null;
}>;

/** One version of an API key. */
export type ApiKey = Versioned &
  Readonly<{
    state: 'active' | 'revoked' | 'deleted';
    grant: KeyGrant;
    hash: string;
    prefix: string;
    /** The operator's own key, which follows the environment of the service. */
    isBootstrap: boolean;
    createdBy: string | null;
  }>;

/** What a new key begins with. */
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

/** Version 1. */
export const beginKey = ({ nowMs, ...beginning }: KeyBeginning): ApiKey => ({
  ...firstVersion(nowMs),
  ...beginning,
  state: 'active',
});

/** Not let in any more, for good. */
export const revoked = (current: ApiKey, nowMs: number): ApiKey =>
  current.state === 'revoked' ? current : nextVersion(current, { state: 'revoked' }, nowMs);

/** The same grant under another key; the same object when it is that key and in force. */
export const rehashed = (
  current: ApiKey,
  { hash, prefix }: Pick<ApiKey, 'hash' | 'prefix'>,
  nowMs: number,
): ApiKey =>
  current.hash === hash && current.state === 'active'
    ? current
    : nextVersion(current, { hash, prefix, state: 'active' }, nowMs);

/** As people are told: one that is over has expired, though nothing was written when its time came. */
export const shownState = ({ state, grant }: ApiKey, nowMs: number): ApiKey['state'] | 'expired' =>
  state === 'active' && grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs ? 'expired' : state;

/** The version as the services need it. */
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
});

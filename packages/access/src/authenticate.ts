import { type AccessScope, type ApiKeyRecord, hasEnded, type WorkspaceId } from '@tidings/contracts';
import type { Authenticate, BrowserSession, Caller, Principal } from '@tidings/http';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { AccessTable } from './access-table.ts';
import { hashOfKey } from './api-key.ts';
import { looksLikeToken, verifyConsumerToken } from './consumer-token.ts';
import type { FailedAttempts } from './failed-attempts.ts';
import type { accessMetrics } from './metrics.ts';

/** Dependencies of the check. `onUse` is called with every key that was accepted. */
export type AuthenticateParts = Readonly<{
  table: AccessTable;
  isLoaded(): boolean;
  /** Returns false while a key that is not in the table may exist. */
  isComplete(): boolean;
  attempts: FailedAttempts;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof accessMetrics>['handles'];
  onUse(keyId: string, workspaceId: WorkspaceId): void;
}>;

type Reason = 'unknown' | 'expired' | 'suspended' | 'signed-out' | 'limited' | 'loading';

/** Result of a lookup. `via`: the id of the key that was used, or that requested the token. */
type Found = Readonly<{ principal: Principal; via: string; workspaceId: WorkspaceId }>;

/** A key or token that is refused. `keyId`: its id, or that of the key that requested it, where it has one. */
type Refused = Readonly<{ reason: Reason; token: string; keyId?: string }>;

/** Creates the check of keys and tokens against the table. A key is checked synchronously; only tokens need a promise. */
export function createAuthenticate(parts: AuthenticateParts): Authenticate {
  return (token, caller) => {
    if (!parts.isLoaded()) throw notLoaded(parts);
    const key = parts.table.keyOf(token);
    if (key === undefined && !parts.isComplete()) throw notLoaded(parts);
    if (key === undefined) return refuseOrVerify(parts, token, caller);
    const refusal = refusalOf(parts, key);
    if (refusal !== null) return refuse(parts, caller, { reason: refusal, token, keyId: key.id });
    if (isSignedOut(key, caller.session)) return refuseSignedOut(parts);
    const found = { principal: principalOfKey(key, caller), via: key.id, workspaceId: key.workspaceId };
    if (parts.attempts.isKnown(caller.address, key.id)) return letIn(parts, caller, found);
    return letInFirst(parts, caller, found);
  };
}

/**
 * Returns false once a principal may no longer do what it could: its key, or the key that requested its token, was
 * revoked or has expired, the token has expired, the key pair that signed it was removed, its session was signed out, or
 * its workspace or consumer was disabled. For what stays open after the request was authenticated.
 */
export function isStillValid(
  parts: Pick<AuthenticateParts, 'table' | 'clock'>,
  principal: Principal,
): boolean {
  const { table, clock } = parts;
  const { keyId, workspaceId, consumerId, grantedBy = keyId, expiresAtMs = Infinity } = principal;
  const key = table.keyById(grantedBy);
  if (key?.workspaceId !== workspaceId || refusalOf(parts, key) !== null) return false;
  if (expiresAtMs <= clock.nowMs()) return false;
  if (grantedBy === keyId) return !isSignedOut(key, principal.session);
  return (
    table.workspace(workspaceId)?.state !== 'disabled' &&
    (consumerId === null || table.consumer(workspaceId, consumerId)?.state === 'active') &&
    !isTokenEnded(table, principal)
  );
}

function notLoaded({ metrics }: AuthenticateParts): AppError {
  metrics.refused.inc({ reason: 'loading' satisfies Reason });
  const message = 'The keys are still being read and nothing was written: repeat the request in a moment.';
  return new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs: 1_000 });
}

const isSignedOut = ({ ended }: ApiKeyRecord, session: BrowserSession | undefined): boolean =>
  ended !== undefined && session !== undefined && hasEnded(ended, session);

/** Returns true for a token that was signed out, alone or with all tokens of its consumer or of its key pair. */
function isTokenEnded(
  table: AccessTable,
  { keyId, workspaceId, consumerId, issuedAtMs = Infinity, ...principal }: Principal,
): boolean {
  // The principal of a stream ticket of a release before key pairs could be replaced: there was one, with this id.
  const tokenKey = table.tokenKey(principal.tokenKeyId ?? `${workspaceId}/1`);
  if (tokenKey === undefined) return true;
  const { ended } = tokenKey;
  if (ended !== undefined && hasEnded(ended, { id: keyId, beganAtMs: issuedAtMs })) return true;
  const endedMs = consumerId === null ? undefined : table.consumer(workspaceId, consumerId)?.tokensEndedMs;
  return endedMs !== undefined && issuedAtMs <= endedMs;
}

// The key is right, so that it is no guess: the address is not counted.
function refuseSignedOut({ metrics }: AuthenticateParts): null {
  metrics.refused.inc({ reason: 'signed-out' satisfies Reason });
  return null;
}

const principalOfKey = (key: ApiKeyRecord, { session }: Caller): Principal => ({
  keyId: key.id,
  workspaceId: key.workspaceId,
  consumerId: key.consumerId,
  scopes: new Set(key.scopes),
  ...(key.requestsPerSecond === null ? {} : { requestsPerSecond: key.requestsPerSecond }),
  ...(key.spool === true && { maySpool: true }),
  ...(key.maxPayloadBytes !== undefined && { maxPayloadBytes: key.maxPayloadBytes }),
  ...(session === undefined ? {} : { session }),
});

/** Returns the reason to refuse a key now, or null if it is accepted. */
function refusalOf(
  { table, clock }: Pick<AuthenticateParts, 'table' | 'clock'>,
  key: ApiKeyRecord,
): Reason | null {
  if (key.state !== 'active') return 'unknown';
  if (key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs()) return 'expired';
  const held: readonly AccessScope[] = key.scopes;
  // A platform key must be able to enable what was disabled.
  if (held.includes('platform')) return null;
  if (table.workspace(key.workspaceId)?.state === 'disabled') return 'suspended';
  if (key.consumerId === null) return null;
  return table.consumer(key.workspaceId, key.consumerId)?.state === 'disabled' ? 'suspended' : null;
}

function letIn({ attempts, onUse }: AuthenticateParts, { address }: Caller, found: Found): Principal {
  attempts.remember(address, found.via);
  onUse(found.via, found.workspaceId);
  return found.principal;
}

// The address has not used this key before, so it may have guessed it.
function letInFirst(parts: AuthenticateParts, caller: Caller, found: Found): Principal {
  refuseLimited(parts, caller);
  return letIn(parts, caller, found);
}

async function refuseOrVerify(
  parts: AuthenticateParts,
  token: string,
  caller: Caller,
): Promise<Principal | null> {
  const found = looksLikeToken(token) ? await verify(parts, token, caller) : 'unknown';
  if (found === 'signed-out') return refuseSignedOut(parts);
  if (typeof found === 'string') return refuse(parts, caller, { reason: found, token });
  if (parts.attempts.isKnown(caller.address, found.via)) return letIn(parts, caller, found);
  return letInFirst(parts, caller, found);
}

async function verify(parts: AuthenticateParts, text: string, { session }: Caller): Promise<Found | Reason> {
  const { table, clock } = parts;
  const token = await verifyConsumerToken(text, (kid) => table.tokenKey(kid), clock.nowMs());
  if (token === null) return 'unknown';
  const key = table.keyById(token.madeBy);
  if (key?.workspaceId !== token.workspaceId) return 'unknown';
  // A token never grants more than the key that requested it, nor more than its consumer.
  const refusal = refusalOf(parts, key);
  if (refusal !== null) return refusal;
  if (table.workspace(token.workspaceId)?.state === 'disabled') return 'suspended';
  if (table.consumer(token.workspaceId, token.consumerId)?.state !== 'active') return 'suspended';
  const principal: Principal = {
    keyId: token.id,
    workspaceId: token.workspaceId,
    consumerId: token.consumerId,
    scopes: new Set(token.scopes),
    grantedBy: key.id,
    tokenKeyId: token.kid,
    expiresAtMs: token.expiresAtMs,
    issuedAtMs: token.issuedAtMs,
    ...(session === undefined ? {} : { session }),
  };
  if (isTokenEnded(table, principal)) return 'signed-out';
  return { principal, via: key.id, workspaceId: key.workspaceId };
}

function refuse(parts: AuthenticateParts, caller: Caller, { reason, token, keyId }: Refused): null {
  refuseLimited(parts, caller);
  const { attempts, metrics, logger } = parts;
  const { address } = caller;
  metrics.refused.inc({ reason });
  // Never the key: it may be right but for a typing error, or belong to another system.
  const guess = attempts.add(address, hashOfKey(token));
  if (guess !== 'repeated')
    logger.info({ reason, address, ...(keyId !== undefined && { keyId }) }, 'access.refused');
  if (guess === 'last') logger.warn({ address, perMinute: attempts.perMinute }, 'access.limited');
  return null;
}

function refuseLimited({ attempts, metrics }: AuthenticateParts, { address }: Caller): void {
  const waitMs = attempts.waitMs(address);
  if (waitMs === null) return;
  metrics.refused.inc({ reason: 'limited' satisfies Reason });
  const message = `Too many wrong keys have come from this address: at most ${attempts.perMinute} a minute are checked. Wait for the time in Retry-After.`;
  throw new AppError({ code: 'rate-limited', message, retryAfterMs: waitMs });
}

import { consumerId, workspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { nextVersion } from '../registry/domain/versioned.ts';
import { type Target, writeVersion } from '../registry/write-version.ts';
import type { ApiKey } from './domain/api-key.ts';
import { type Consumer, consumerKey } from './domain/consumer.ts';
import { allEnded, withOneEnded } from './domain/sign-out.ts';
import { type TokenKey, tokenKeyId } from './domain/token-key.ts';
import { tokenToleranceMs } from './domain/token-key-times.ts';

/** Dependencies of signing out. */
export type SignOutParts = Readonly<{
  apiKeys: Documents<ApiKey>;
  tokenKeys: Documents<TokenKey>;
  consumers: Documents<Consumer>;
}>;

/**
 * Ways of signing out. `session`: the browser session that sent the request, and the token that it holds; nothing without one.
 * `token`: the token of the request. `all`: every browser session of the key, or every token of the consumer.
 */
export const signOutKinds = ['session', 'token', 'all'] as const;

/** One of {@link signOutKinds}. */
export type SignOutKind = (typeof signOutKinds)[number];

/** A session of the console lasts 30 days at most (CONSOLE_SESSION_MAX). */
const maxSessionMs = 30 * 24 * 3_600_000;

/**
 * Ends browser sessions or tokens before their time. The services refuse them, and end their streams, once they have the
 * record: within 2 s while the brokers can be reached. Returns whether the topic has acknowledged it.
 */
export async function signOut(
  parts: SignOutParts,
  { principal, kind, by }: Readonly<{ principal: Principal; kind: SignOutKind; by: Actor }>,
): Promise<Readonly<{ propagated: boolean }>> {
  const isToken = principal.grantedBy !== undefined;
  if (kind === 'token' && !isToken) {
    const message =
      "The request was sent with a key: only tokens end as 'token'. Revoke the key, or send 'all'.";
    throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '/ends', detail: message }] });
  }
  const targetOf = (id: string): Target => ({
    ...{ id, ifMatch: null, by },
    scope: { workspaceId: workspaceId(principal.workspaceId), consumerId: null },
  });
  if (kind === 'session' && principal.session === undefined) return { propagated: true };
  if (!isToken) return endSessions(parts.apiKeys, targetOf(principal.keyId), { principal, kind });
  if (kind === 'all') return endTokensOfConsumer(parts.consumers, principal, targetOf);
  const first = tokenKeyId({ workspaceId: workspaceId(principal.workspaceId), number: 1 });
  return endToken(parts.tokenKeys, targetOf(principal.tokenKeyId ?? first), principal);
}

const endSessions = async (
  apiKeys: Documents<ApiKey>,
  target: Target,
  { principal, kind }: Readonly<{ principal: Principal; kind: SignOutKind }>,
) =>
  writeVersion(apiKeys, target, {
    operation: 'signed-out',
    change: (current) => {
      const nowMs = apiKeys.clock.nowMs();
      const { id = '', beganAtMs = 0 } = principal.session ?? {};
      const ended =
        kind === 'all'
          ? allEnded(nowMs)
          : withOneEnded(current.ended, { id, untilMs: beganAtMs + maxSessionMs }, nowMs);
      return nextVersion(current, { ended }, nowMs);
    },
  });

const endToken = async (tokenKeys: Documents<TokenKey>, target: Target, principal: Principal) =>
  writeVersion(tokenKeys, target, {
    operation: 'signed-out',
    change: (current) => {
      const nowMs = tokenKeys.clock.nowMs();
      const { keyId: id, expiresAtMs = nowMs } = principal;
      const ended = withOneEnded(current.ended, { id, untilMs: expiresAtMs + tokenToleranceMs }, nowMs);
      return nextVersion(current, { ended }, nowMs);
    },
  });

const endTokensOfConsumer = async (
  consumers: Documents<Consumer>,
  principal: Principal,
  targetOf: (id: string) => Target,
) => {
  const ref = {
    workspaceId: workspaceId(principal.workspaceId),
    consumerId: consumerId(principal.consumerId ?? ''),
  };
  return writeVersion(consumers, targetOf(consumerKey(ref)), {
    operation: 'signed-out',
    change: (current) => {
      const nowMs = consumers.clock.nowMs();
      return nextVersion(current, { tokensEndedMs: nowMs }, nowMs);
    },
  });
};

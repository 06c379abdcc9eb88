import {
  type AccessRecord,
  consumerId,
  decodeAccess,
  hasEnded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { expect, it } from 'vitest';
import { serveEverything } from '../../test/memory/in-memory-service.ts';
import { maxEnded, withOneEnded } from './domain/sign-out.ts';
import { signOut } from './sign-out.ts';

const by = { keyId: 'key_operator', address: '192.0.2.1' };
const session = { id: 'session-1', beganAtMs: Date.now() };

/** A workspace with a key and a consumer that has a token. */
async function given() {
  const served = await serveEverything();
  const { call, bus } = served;
  await call('POST', 'workspaces', { key: 'operator', body: { id: 'ws_own', event_type_policy: 'open' } });
  const { body: key } = await call('POST', 'api-keys', { body: { scopes: ['deliveries:read'] } });
  await call('POST', 'consumer-tokens', { body: { consumer_id: 'acme' } });
  const ofKey: Principal = {
    ...{ keyId: String(key['id']), workspaceId: workspaceId('ws_own'), consumerId: null },
    scopes: new Set(['deliveries:read']),
  };
  const expiresAtMs = Date.now() + 900_000;
  const ofToken: Principal = {
    ...{ ...ofKey, keyId: 'tok_1', consumerId: consumerId('acme') },
    ...{ grantedBy: ofKey.keyId, issuedAtMs: Date.now(), expiresAtMs },
  };
  const newest = <T extends AccessRecord['type']>(type: T) =>
    bus
      .records(topics.access)
      .map((record) => decodeAccess(record))
      .filter((record) => record.type === type)
      .at(-1) as Extract<AccessRecord, { type: T }>;
  return { ...served, ofKey, ofToken, expiresAtMs, newest };
}

it('ends one session of a key, or all, without ending the key', async () => {
  const { ofKey, newest, ...parts } = await given();
  const before = newest('ApiKeyChanged.v1');
  expect(before.ended).toBeUndefined();
  await signOut(parts, { principal: ofKey, kind: 'session', by });
  expect(newest('ApiKeyChanged.v1')).toEqual(before);
  const written = await signOut(parts, { principal: { ...ofKey, session }, kind: 'session', by });
  expect(written.propagated).toBe(true);
  const one = newest('ApiKeyChanged.v1');
  expect(one).toMatchObject({
    state: 'active',
    hash: before.hash,
    ended: { beforeMs: 0, ids: [{ id: 'session-1' }] },
  });
  await signOut(parts, { principal: ofKey, kind: 'all', by });
  expect(newest('ApiKeyChanged.v1').ended).toEqual({ beforeMs: expect.any(Number) as number, ids: [] });
  const { body } = await parts.call('GET', 'audit-log');
  const entries = body['data'] as readonly Readonly<{ operation: string; actor: object }>[];
  expect(entries.slice(0, 3).map(({ operation }) => operation)).toEqual([
    ...['signed-out', 'signed-out', 'created'],
  ]);
});

it('leaves out of the record of a revoked key what releases before this one cannot read', async () => {
  const { ofKey, newest, call, ...parts } = await given();
  await signOut(parts, { principal: ofKey, kind: 'all', by });
  await call('POST', `api-keys/${ofKey.keyId}/revoke`);
  expect(newest('ApiKeyChanged.v1')).toMatchObject({ state: 'revoked' });
  expect(newest('ApiKeyChanged.v1').ended).toBeUndefined();
});

it('ends one token until it would have expired, or all tokens of its consumer', async () => {
  const { ofToken, newest, expiresAtMs, ...parts } = await given();
  await signOut(parts, { principal: ofToken, kind: 'session', by });
  expect(newest('TokenKeyChanged.v1').ended).toBeUndefined();
  await signOut(parts, { principal: ofToken, kind: 'token', by });
  const [ended] = newest('TokenKeyChanged.v1').ended?.ids ?? [];
  expect(ended?.id).toBe('tok_1');
  expect(ended?.untilMs).toBeGreaterThan(expiresAtMs + 5_000);
  await signOut(parts, { principal: { ...ofToken, keyId: 'tok_2', session }, kind: 'session', by });
  expect(newest('TokenKeyChanged.v1').ended?.ids.map(({ id }) => id)).toEqual(['tok_1', 'tok_2']);
  await signOut(parts, { principal: ofToken, kind: 'all', by });
  expect(newest('ConsumerChanged.v1').tokensEndedMs).toBeGreaterThanOrEqual(ofToken.issuedAtMs ?? Infinity);
});

it('refuses to end a key as a token', async () => {
  const { ofKey, ...parts } = await given();
  await expect(signOut(parts, { principal: ofKey, kind: 'token', by })).rejects.toMatchObject({
    code: 'unprocessable',
  });
});

it('forgets what would have ended by now, and never lets what was signed out work again', () => {
  const aged = withOneEnded(null, { id: 'a', untilMs: 100 }, 50);
  expect(withOneEnded(aged, { id: 'b', untilMs: 300 }, 100).ids.map(({ id }) => id)).toEqual(['b']);
  expect(withOneEnded(aged, { id: 'a', untilMs: 300 }, 50)).toEqual(aged);
  const ids = Array.from({ length: maxEnded }, (_, at) => ({ id: `t${at}`, untilMs: 900 }));
  const full = withOneEnded({ beforeMs: 0, ids }, { id: 'last', untilMs: 900 }, 500);
  expect(full).toEqual({ beforeMs: 500, ids: [] });
  for (const { id } of [...ids, { id: 'last' }]) expect(hasEnded(full, { id, beganAtMs: 500 })).toBe(true);
});

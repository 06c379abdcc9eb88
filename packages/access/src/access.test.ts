import {
  type AccessRecord,
  type ApiKeyRecord,
  consumerId,
  decodeKeyUsed,
  encodeAccess,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics, silentLogger } from '@tidings/observability';
import { AppError, Health, Resources } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashOfKey, newApiKey, openAccess, prefixOfKey, signConsumerToken } from './index.ts';

const ws = workspaceId('ws_1');
const acme = consumerId('acme');
const here = { address: '192.0.2.1' };

const aKey = (key: string, overrides: Partial<ApiKeyRecord> = {}): ApiKeyRecord => ({
  type: 'ApiKeyChanged.v1',
  id: `key_of_${key}`,
  workspaceId: ws,
  consumerId: null,
  version: 1,
  state: 'active',
  hash: hashOfKey(key),
  prefix: '',
  scopes: ['admin'],
  expiresAtMs: null,
  requestsPerSecond: null,
  ...overrides,
});
const aWorkspace = (state: 'active' | 'disabled', version = 1): AccessRecord => ({
  type: 'WorkspaceChanged.v1',
  id: ws,
  version,
  state,
  name: 'Shop',
  eventTypePolicy: 'strict',
  allowHttp: false,
  maxSubscriptions: 10,
  disableAfterFailures: 100,
  notice: null,
});
const aConsumer = (state: 'active' | 'disabled', version = 1): AccessRecord => ({
  type: 'ConsumerChanged.v1',
  id: acme,
  workspaceId: ws,
  version,
  state,
  name: null,
});

async function given(...records: readonly AccessRecord[]) {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const producer = await bus.producer();
  const publish = async (record: AccessRecord) => {
    await producer.publish({ topic: topics.access, ...encodeAccess(record) });
    await clock.advance(0);
  };
  for (const record of records) await publish(record);
  const health = new Health(clock);
  const resources = new Resources();
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const { authenticate, table, refresh } = await openAccess(
    { name: 'test', logger: silentLogger, metrics, health, resources, clock },
    { bus, producer },
  );
  await clock.advance(0);
  onTestFinished(async () => resources.close(1_000));
  const verify = async (token: string, caller = here): Promise<Principal | null> =>
    authenticate(token, caller);
  const reasonOf = async (token: string, caller = here): Promise<string> => {
    try {
      return (await verify(token, caller)) === null ? 'refused' : 'let in';
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
  };
  const used = () => bus.records(topics.keyUsage).map(decodeKeyUsed);
  return { refresh, clock, publish, health, verify, reasonOf, table, used, metrics };
}

describe('a key', () => {
  it('stands for its workspace, its consumer and its scopes', async () => {
    const { verify } = await given(
      aKey('k1', { consumerId: acme, scopes: ['deliveries:read'], requestsPerSecond: 5 }),
    );
    expect(await verify('k1')).toEqual({
      keyId: 'key_of_k1',
      workspaceId: ws,
      consumerId: acme,
      scopes: new Set(['deliveries:read']),
      requestsPerSecond: 5,
    });
    expect(await verify('k2')).toBeNull();
    expect(await verify(hashOfKey('k1'))).toBeNull();
  });

  it('is refused from when it is revoked, expired, or its workspace or consumer is disabled', async () => {
    const { reasonOf, publish, clock } = await given(
      aWorkspace('active'),
      aConsumer('active'),
      aKey('revoked'),
      aKey('brief', { expiresAtMs: fakeClock().nowMs() + 60_000 }),
      aKey('partner', { consumerId: acme }),
      aKey('own'),
      aKey('root', { scopes: ['platform'] }),
    );
    const all = async () =>
      Promise.all(['revoked', 'brief', 'partner', 'own', 'root'].map((k) => reasonOf(k)));
    expect(await all()).toEqual(['let in', 'let in', 'let in', 'let in', 'let in']);
    await publish(aKey('revoked', { state: 'revoked', version: 2 }));
    await clock.advance(60_000);
    await publish(aConsumer('disabled', 2));
    expect(await all()).toEqual(['refused', 'refused', 'refused', 'let in', 'let in']);
    await publish(aConsumer('active', 3));
    await publish(aWorkspace('disabled', 2));
    expect(await all()).toEqual(['refused', 'refused', 'refused', 'refused', 'let in']);
  });

  it('that is taken from one record and given to another goes on with the other', async () => {
    const { verify, publish } = await given(aKey('k', { id: 'key_a' }));
    await publish(aKey('k', { id: 'key_b' }));
    await publish(aKey('k', { id: 'key_a', state: 'revoked', version: 2 }));
    expect((await verify('k'))?.keyId).toBe('key_b');
  });

  it('is 256 bits, and shows no more than its beginning', () => {
    const key = newApiKey();
    expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32);
    expect(prefixOfKey(key)).toBe(key.slice(0, 10));
    expect(prefixOfKey('an operator chose this')).toBe('');
  });
});

it('nobody is turned away before the keys are known, and /ready says so', async () => {
  const { reasonOf, publish, health } = await given();
  expect(health.report().ready).toBe(false);
  expect(await reasonOf('k')).toBe('unavailable');
  await publish(aKey('k'));
  expect(health.report().ready).toBe(true);
  expect(await reasonOf('k')).toBe('let in');
});

it('who keeps the keys lets in by what he has, and newer records of the topic still count', async () => {
  const { refresh, reasonOf, publish, health } = await given();
  refresh([aKey('k', { version: 2 }), aKey('gone', { state: 'deleted' })]);
  expect(health.report().ready).toBe(true);
  expect([await reasonOf('k'), await reasonOf('gone')]).toEqual(['let in', 'refused']);
  await publish(aKey('k', { version: 3, state: 'revoked' }));
  expect(await reasonOf('k')).toBe('refused');
  refresh([aKey('k', { version: 2 })]);
  expect(await reasonOf('k')).toBe('refused');
});

describe('wrong keys', () => {
  it('are limited for each address to 20 a minute, without shutting out who was let in before', async () => {
    const { reasonOf, clock, metrics } = await given(aKey('mine'), aKey('guessed'));
    expect(await reasonOf('mine')).toBe('let in');
    for (let count = 0; count < 20; count += 1) expect(await reasonOf(`wrong${count}`)).toBe('refused');
    expect(await reasonOf('wrong')).toBe('rate-limited');
    // A correct guess is indistinguishable from a wrong one.
    expect(await reasonOf('guessed')).toBe('rate-limited');
    expect(await reasonOf('mine')).toBe('let in');
    expect(await reasonOf('guessed', { address: '192.0.2.2' })).toBe('let in');
    expect(await metrics.registry.metrics()).toContain(
      'tidings_access_refused_total{reason="unknown",service="test"} 20',
    );
    expect(clock.pendingTimers).toBeGreaterThan(0);
  });
});

describe('a consumer token', () => {
  async function withToken(overrides: Partial<Parameters<typeof signConsumerToken>[0]> = {}) {
    const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
    const { x = '' } = await exportJWK(publicKey);
    const privateJwk: JWK = await exportJWK(privateKey);
    const records: readonly AccessRecord[] = [
      aWorkspace('active'),
      aConsumer('active'),
      aKey('maker', { id: 'key_maker' }),
      {
        type: 'TokenKeyChanged.v1',
        id: 'ws_1/1',
        workspaceId: ws,
        version: 1,
        state: 'active',
        jwk: { kty: 'OKP', crv: 'Ed25519', x },
      },
    ];
    const all = await given(...records);
    const issuedAtMs = all.clock.nowMs();
    const token = {
      id: 'tok_1',
      workspaceId: ws,
      consumerId: acme,
      scopes: ['deliveries:read'] as const,
      madeBy: 'key_maker',
      issuedAtMs,
      expiresAtMs: issuedAtMs + 300_000,
      ...overrides,
    };
    return { ...all, text: await signConsumerToken(token, { kid: 'ws_1/1', privateJwk }), privateJwk, token };
  }

  it('stands for its consumer, with its scopes, until it expires', async () => {
    const { verify, text, clock } = await withToken();
    expect(await verify(text)).toEqual({
      keyId: 'tok_1',
      workspaceId: ws,
      consumerId: acme,
      scopes: new Set(['deliveries:read']),
    });
    await clock.advance(310_000);
    expect(await verify(text)).toBeNull();
  });

  it('ends with the key that asked for it, and with its consumer', async () => {
    const { verify, text, publish } = await withToken();
    await publish(aConsumer('disabled', 2));
    expect(await verify(text)).toBeNull();
    await publish(aConsumer('active', 3));
    expect(await verify(text)).not.toBeNull();
    await publish(aKey('maker', { id: 'key_maker', state: 'revoked', version: 2 }));
    expect(await verify(text)).toBeNull();
  });

  it('of another workspace, a changed one, or one signed by another key is refused', async () => {
    const { verify, text, privateJwk, token } = await withToken();
    const other = await signConsumerToken({ ...token, workspaceId: 'ws_2' }, { kid: 'ws_1/1', privateJwk });
    expect(await verify(other)).toBeNull();
    const [head, , signature] = text.split('.');
    const body = Buffer.from(JSON.stringify({ ws, sub: 'acme', exp: 9e9 })).toString('base64url');
    expect(await verify(`${head}.${body}.${signature}`)).toBeNull();
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const forged = await signConsumerToken(token, {
      kid: 'ws_1/1',
      privateJwk: await exportJWK(privateKey),
    });
    expect(await verify(forged)).toBeNull();
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'ws_1/1' })).toString('base64url');
    expect(await verify(`${none}.${text.split('.')[1]}.x`)).toBeNull();
  });

  it('never carries what a consumer may not hold', async () => {
    const { verify, text } = await withToken({ scopes: ['admin', 'events:write', 'subscriptions:read'] });
    expect([...((await verify(text))?.scopes ?? [])]).toEqual(['subscriptions:read']);
  });
});

it('which keys are used is told once a minute', async () => {
  const { verify, clock, used } = await given(aKey('a'), aKey('b'));
  for (let count = 0; count < 50; count += 1) await verify('a');
  await verify('b');
  expect(used()).toEqual([]);
  await clock.advance(2_000);
  expect(used().map(({ keyId }) => keyId)).toEqual(['key_of_a', 'key_of_b']);
  await clock.advance(60_000);
  await verify('a');
  await clock.advance(2_000);
  expect(used().map(({ keyId }) => keyId)).toEqual(['key_of_a', 'key_of_b', 'key_of_a']);
});

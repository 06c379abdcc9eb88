import {
  type AccessRecord,
  type ApiKeyRecord,
  type ConsumerRecord,
  consumerId,
  decodeKeyUsed,
  encodeAccess,
  type TokenKeyRecord,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Caller, Principal } from '@tidings/http';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
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
const aConsumer = (state: 'active' | 'disabled', version = 1): ConsumerRecord => ({
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
  const logger = recordingLogger();
  const { authenticate, isStillValid, table, refresh } = await openAccess(
    { name: 'test', config: { wrongKeysPerMinute: 20 }, logger, metrics, health, resources, clock },
    { bus, producer },
  );
  await clock.advance(0);
  onTestFinished(async () => resources.close(1_000));
  const verify = async (token: string, caller: Caller = here): Promise<Principal | null> =>
    authenticate(token, caller);
  const reasonOf = async (token: string, caller = here): Promise<string> => {
    try {
      return (await verify(token, caller)) === null ? 'refused' : 'accepted';
    } catch (error) {
      if (error instanceof AppError) return error.code;
      throw error;
    }
  };
  const used = () => bus.records(topics.keyUsage).map(decodeKeyUsed);
  return { refresh, clock, publish, health, verify, isStillValid, reasonOf, table, used, metrics, logger };
}

describe('what an accepted caller may still do', () => {
  it('ends with its key: revoked, expired, or of a disabled workspace or consumer', async () => {
    const expiresAtMs = fakeClock().nowMs() + 60_000;
    const ofAcme = aKey('k2', { consumerId: acme });
    const { clock, publish, verify, isStillValid } = await given(
      ...[aWorkspace('active'), aConsumer('active'), aKey('k1'), ofAcme, aKey('k3', { expiresAtMs })],
    );
    const [one, consumers, passing] = [
      await verify('k1'),
      await verify('k2'),
      await verify('k3'),
    ] as Principal[];
    const valid = () => [one, consumers, passing].map((principal) => isStillValid(principal as Principal));
    expect(valid()).toEqual([true, true, true]);
    await clock.advance(60_000);
    expect(valid()).toEqual([true, true, false]);
    await publish(aConsumer('disabled', 2));
    expect(valid()).toEqual([true, false, false]);
    await publish(aKey('k1', { state: 'revoked', version: 2 }));
    expect(valid()).toEqual([false, false, false]);
    await publish(aConsumer('active', 3));
    expect(valid()).toEqual([false, true, false]);
    await publish(aWorkspace('disabled', 2));
    expect(valid()).toEqual([false, false, false]);
  });
});

it('counts the active keys that expire within a week, not those that have expired', async () => {
  const dayMs = 86_400_000;
  const inDays = (days: number) => ({ expiresAtMs: fakeClock().nowMs() + days * dayMs });
  const keys = [
    aKey('k1'),
    aKey('k2', inDays(-1)),
    aKey('k3', inDays(6)),
    aKey('k4', inDays(7)),
    aKey('k5', inDays(8)),
  ];
  const { metrics } = await given(...keys, aKey('k6', { ...inDays(1), state: 'revoked' }));
  expect(await metrics.text()).toContain('tidings_access_keys_expiring{service="test"} 2\n');
});

describe('API keys', () => {
  it('has the workspace, the consumer and the scopes of its record', async () => {
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

  it('are refused once revoked, expired, or when their workspace or consumer is disabled', async () => {
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
    expect(await all()).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'accepted']);
    await publish(aKey('revoked', { state: 'revoked', version: 2 }));
    await clock.advance(60_000);
    await publish(aConsumer('disabled', 2));
    expect(await all()).toEqual(['refused', 'refused', 'refused', 'accepted', 'accepted']);
    await publish(aConsumer('active', 3));
    await publish(aWorkspace('disabled', 2));
    expect(await all()).toEqual(['refused', 'refused', 'refused', 'refused', 'accepted']);
  });

  it('apply as in the newer record when a key moves from one record to another', async () => {
    const { verify, publish } = await given(aKey('k', { id: 'key_a' }));
    await publish(aKey('k', { id: 'key_b' }));
    await publish(aKey('k', { id: 'key_a', state: 'revoked', version: 2 }));
    expect((await verify('k'))?.keyId).toBe('key_b');
  });

  it('are 256 bits, and only their beginning is shown', () => {
    const key = newApiKey();
    expect(Buffer.from(key.slice(4), 'base64url')).toHaveLength(32);
    expect(prefixOfKey(key)).toBe(key.slice(0, 10));
    expect(prefixOfKey('an operator chose this')).toBe('');
  });
});

describe('browser sessions of a key', () => {
  const session = { id: 'one', beganAtMs: 5_000 };
  const other = { id: 'two', beganAtMs: 6_000 };

  it('end alone or all, and neither the key nor later sessions with them', async () => {
    const { verify, isStillValid, publish } = await given(aWorkspace('active'), aKey('k'));
    const principals = await Promise.all(
      [session, other].map((one) => verify('k', { ...here, session: one })),
    );
    const state = async () => [
      ...(await Promise.all([session, other].map((one) => verify('k', { ...here, session: one })))).map(
        (found) => found?.session?.id,
      ),
      ...principals.map((principal) => isStillValid(principal as Principal)),
      (await verify('k'))?.keyId,
    ];
    expect(await state()).toEqual(['one', 'two', true, true, 'key_of_k']);
    const ids = [{ id: 'one', untilMs: 9e12 }];
    await publish(aKey('k', { version: 2, ended: { beforeMs: 0, ids } }));
    expect(await state()).toEqual([undefined, 'two', false, true, 'key_of_k']);
    await publish(aKey('k', { version: 3, ended: { beforeMs: 6_000, ids: [] } }));
    expect(await state()).toEqual([undefined, undefined, false, false, 'key_of_k']);
    const later = await verify('k', { ...here, session: { id: 'three', beganAtMs: 6_001 } });
    expect(later?.session?.id).toBe('three');
  });
});

it('responds 503 and is not ready before the keys are known', async () => {
  const { reasonOf, publish, health } = await given();
  expect(health.report().ready).toBe(false);
  expect(await reasonOf('k')).toBe('unavailable');
  await publish(aKey('k'));
  expect(health.report().ready).toBe(true);
  expect(await reasonOf('k')).toBe('accepted');
});

it('accepts the keys that the registry refreshes, and applies newer records of the topic', async () => {
  const { refresh, reasonOf, publish, health } = await given();
  refresh([aKey('k', { version: 2 }), aKey('gone', { state: 'deleted' })]);
  expect(health.report().ready).toBe(true);
  expect([await reasonOf('k'), await reasonOf('gone')]).toEqual(['accepted', 'refused']);
  await publish(aKey('k', { version: 3, state: 'revoked' }));
  expect(await reasonOf('k')).toBe('refused');
  refresh([aKey('k', { version: 2 })]);
  expect(await reasonOf('k')).toBe('refused');
});

describe('wrong keys', () => {
  it('are limited to 20 a minute for each address, except for keys that were accepted from it before', async () => {
    const { reasonOf, clock, metrics } = await given(aKey('mine'), aKey('guessed'));
    expect(await reasonOf('mine')).toBe('accepted');
    for (let count = 0; count < 20; count += 1) expect(await reasonOf(`wrong${count}`)).toBe('refused');
    expect(await reasonOf('wrong')).toBe('rate-limited');
    // A correct guess is indistinguishable from a wrong one.
    expect(await reasonOf('guessed')).toBe('rate-limited');
    expect(await reasonOf('mine')).toBe('accepted');
    expect(await reasonOf('guessed', { address: '192.0.2.2' })).toBe('accepted');
    const counted = await metrics.registry.metrics();
    for (const [reason, count] of Object.entries({ unknown: 20, limited: 2 }))
      expect(counted).toContain(`tidings_access_refused_total{reason="${reason}",service="test"} ${count}`);
    await clock.advance(60_000);
    expect(await reasonOf('guessed')).toBe('accepted');
  });

  it('are counted together for all addresses of a network of IPv6', async () => {
    const { reasonOf } = await given(aKey('guessed'));
    for (let count = 0; count < 20; count += 1)
      await reasonOf(`wrong${count}`, { address: `2001:db8:1:2:${count}::1` });
    expect(await reasonOf('guessed', { address: '2001:db8:1:2::99' })).toBe('rate-limited');
    expect(await reasonOf('guessed', { address: '2001:db8:1:3::1' })).toBe('accepted');
  });

  it('count once when a client repeats one, such as a key that has expired', async () => {
    const { reasonOf, logger } = await given(aKey('mine'), aKey('old', { expiresAtMs: 1 }));
    for (let count = 0; count < 40; count += 1) expect(await reasonOf('old')).toBe('refused');
    expect(await reasonOf('mine')).toBe('accepted');
    expect(logger.lines.filter(({ event }) => event === 'access.refused')).toHaveLength(1);
  });

  it('are logged with the address, and with the id of a key that has one, never with the key', async () => {
    const { reasonOf, logger } = await given(aKey('key-expired', { expiresAtMs: 1 }));
    await reasonOf('key-expired');
    for (let count = 0; count < 30; count += 1) await reasonOf(`wrong${count}`);
    const lines = logger.lines.filter(({ event }) => event.startsWith('access.'));
    const { address } = here;
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatchObject({
      level: 'info',
      fields: { reason: 'expired', address, keyId: 'key_of_key-expired' },
    });
    expect(lines[1]?.fields).toEqual({ reason: 'unknown', address });
    expect(lines[20]).toMatchObject({
      level: 'warn',
      event: 'access.limited',
      fields: { address, perMinute: 20 },
    });
    expect(JSON.stringify(lines)).not.toMatch(/wrong\d/);
  });
});

describe('consumer tokens', () => {
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
    return {
      ...all,
      records,
      text: await signConsumerToken(token, { kid: 'ws_1/1', privateJwk }),
      privateJwk,
      token,
    };
  }

  it('have their consumer and scopes until they expire', async () => {
    const { verify, isStillValid, text, clock } = await withToken();
    expect(await verify(text)).toEqual({
      keyId: 'tok_1',
      workspaceId: ws,
      consumerId: acme,
      scopes: new Set(['deliveries:read']),
      grantedBy: 'key_maker',
      tokenKeyId: 'ws_1/1',
      issuedAtMs: clock.nowMs(),
      expiresAtMs: clock.nowMs() + 300_000,
    });
    const principal = (await verify(text)) as Principal;
    await clock.advance(310_000);
    expect(await verify(text)).toBeNull();
    expect(isStillValid(principal)).toBe(false);
  });

  it('end with the key that requested them, and with their consumer', async () => {
    const { verify, isStillValid, text, publish } = await withToken();
    const principal = (await verify(text)) as Principal;
    expect(isStillValid(principal)).toBe(true);
    await publish(aConsumer('disabled', 2));
    expect(await verify(text)).toBeNull();
    expect(isStillValid(principal)).toBe(false);
    await publish(aConsumer('active', 3));
    expect(await verify(text)).not.toBeNull();
    expect(isStillValid(principal)).toBe(true);
    await publish(aKey('maker', { id: 'key_maker', state: 'revoked', version: 2 }));
    expect(await verify(text)).toBeNull();
    expect(isStillValid(principal)).toBe(false);
  });

  it('are refused when of another workspace, changed, or signed by another key', async () => {
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

  it('end by themselves once signed out, or with all of their consumer', async () => {
    const { verify, isStillValid, text, publish, clock, records, metrics } = await withToken();
    const principal = (await verify(text)) as Principal;
    const untilMs = clock.nowMs() + 300_000;
    const tokenKey = records.find(({ type }) => type === 'TokenKeyChanged.v1') as TokenKeyRecord;
    await publish({ ...tokenKey, version: 2, ended: { beforeMs: 0, ids: [{ id: 'tok_0', untilMs }] } });
    expect([await verify(text), isStillValid(principal)]).toEqual([principal, true]);
    await publish({ ...tokenKey, version: 3, ended: { beforeMs: 0, ids: [{ id: 'tok_1', untilMs }] } });
    expect([await verify(text), isStillValid(principal)]).toEqual([null, false]);
    await publish({ ...tokenKey, version: 4 });
    expect(isStillValid(principal)).toBe(true);
    await publish({ ...aConsumer('active', 2), tokensEndedMs: clock.nowMs() - 1 });
    expect([await verify(text), isStillValid(principal)]).toEqual([principal, true]);
    await publish({ ...aConsumer('active', 3), tokensEndedMs: clock.nowMs() });
    expect([await verify(text), isStillValid(principal)]).toEqual([null, false]);
    // What has ended is no guess.
    const text2 = await metrics.registry.metrics();
    expect(text2).toContain('tidings_access_refused_total{reason="signed-out",service="test"} 2');
  });

  it('end with the key pair that signed them, also what is open', async () => {
    const { verify, isStillValid, text, publish, records } = await withToken();
    const principal = (await verify(text)) as Principal;
    const { tokenKeyId: _, ...ofEarlierRelease } = principal;
    const tokenKey = records.find(({ type }) => type === 'TokenKeyChanged.v1') as TokenKeyRecord;
    await publish({ ...tokenKey, id: 'ws_1/2' });
    expect([await verify(text), isStillValid(principal)]).toEqual([principal, true]);
    // What is signed out of another pair does not concern this one.
    await publish({ ...tokenKey, id: 'ws_1/2', version: 2, ended: { beforeMs: 9e15, ids: [] } });
    expect([await verify(text), isStillValid(ofEarlierRelease)]).toEqual([principal, true]);
    await publish({ ...tokenKey, version: 2, state: 'deleted' });
    expect([await verify(text), isStillValid(principal)]).toEqual([null, false]);
    expect(isStillValid(ofEarlierRelease)).toBe(false);
  });

  it('never contain a scope that a consumer may not have', async () => {
    const { verify, text } = await withToken({ scopes: ['admin', 'events:write', 'subscriptions:read'] });
    expect([...((await verify(text))?.scopes ?? [])]).toEqual(['subscriptions:read']);
  });
});

it('reports the use of a key once a minute', async () => {
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

import { randomBytes } from 'node:crypto';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf } from '../harness/api.ts';
import { postAsGitHub } from '../harness/github-webhooks.ts';
import { restartInPairs } from '../harness/instances.ts';
import { type KeyFiles, newRingKey, openKeyFiles, replaceTokenKeys, reseal } from '../harness/key-files.ts';
import { type InUse, type RotationLoad, signerOf, startRotationLoad } from '../harness/rotation-load.ts';
import { freePortBase, type LocalStack, startTidings, type Tidings } from '../harness/tidings.ts';
import { startVerifyingEndpoint, type VerifyingEndpoint } from '../harness/verifying-endpoint.ts';

// Long enough for the other side on a slow machine, and over when the last process has restarted.
const overlapSeconds = 60;
const patience = { timeoutMs: 120_000, everyMs: 200 };
const type = 'key.rotated';
const keyNames = ['ADMIN_KEY', 'SEALING_KEYS', 'CONSOLE_SESSION_KEYS'] as const;
const consumer = 'acme';
const newAdminKey = () => `key_admin_${randomBytes(24).toString('base64url')}`;

type Body = Readonly<Record<string, unknown>>;

describe('every kind of key, under load', () => {
  const admin = { old: newAdminKey(), next: newAdminKey() };
  const sealing = { old: newRingKey('k1'), next: newRingKey('k2') };
  const sessions = { old: newRingKey('s1'), next: newRingKey('s2') };
  let files: KeyFiles<(typeof keyNames)[number]>;
  let tidings: Tidings;
  let local: LocalStack;
  let endpoint: VerifyingEndpoint;
  let load: RotationLoad;
  let inUse: InUse;
  /** The key that is not replaced, an operator's besides ADMIN_KEY, and the API with it. */
  let operatorKey: string;
  let operator: Api;
  let source: Readonly<{ id: string; secret: string }>;
  const subscriptions = new Map<string, Readonly<{ id: string; key: string }>>();

  const create = async (api: Api, path: string, body: object): Promise<Body> => {
    const answer = await api.request('POST', path, body);
    expect([200, 201, 202], JSON.stringify(answer)).toContain(answer.status);
    return answer.body as Body;
  };
  const statusWith = async (key: string, base = local.url): Promise<number> => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`${base}/v1/webhooks/identity`, { headers })).status;
  };
  /** Sends a webhook of the provider. Returns whether it was accepted. */
  const pingWith = async (secret: string): Promise<boolean> => {
    const ping = { event: 'ping', body: '{}', delivery: randomBytes(8).toString('hex') };
    const { status } = await postAsGitHub(`${local.url}/v1/sources/${source.id}`, ping, secret);
    if (![200, 202, 401].includes(status)) throw new Error(`the source answered ${status}`);
    return status !== 401;
  };
  /** Gives the source a secret through the API at this URL, and the provider as soon as each instance has it. */
  const giveSourceAnotherSecret = async (url = ''): Promise<void> => {
    const next = randomBytes(24).toString('hex');
    const body = { secret: next, overlap_seconds: overlapSeconds };
    const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
    const path = `${url}/v1/webhooks/sources/${source.id}/rotate`;
    const { status } = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(status).toBe(200);
    await eventually(async () => {
      expect(await Promise.all([next, next, next, next].map(pingWith))).toEqual([true, true, true, true]);
    }, patience);
    inUse.sourceSecret = next;
  };
  /** Waits for a status with a key, at each of several requests: the console asks one instance after the other. */
  const untilEach = async (status: number, key: string): Promise<void> =>
    eventually(async () => {
      const found = await Promise.all([1, 2, 3, 4].map(async () => statusWith(key)));
      expect(found).toEqual([status, status, status, status]);
    }, patience);
  const untilRefused = async (key: string): Promise<void> => untilEach(401, key);
  const untilTaken = async (key: string): Promise<void> => untilEach(200, key);
  const newToken = async (): Promise<string> =>
    String((await create(operator, '/v1/webhooks/consumer-tokens', { consumer_id: consumer }))['token']);
  // Without https the port is in the name of the cookie; behind a load balancer both consoles have one.
  const session = async (sealed: string, base: string): Promise<number> => {
    const cookie = `tidings-operator-${new URL(base).port}=${sealed}`;
    return (await fetch(`${base}/session/operator`, { headers: { cookie } })).status;
  };
  /** Signs in and returns the sealed session. */
  const signIn = async (key: string): Promise<string> => {
    const headers = { 'content-type': 'application/json', origin: local.url };
    const body = JSON.stringify({ key });
    const response = await fetch(`${local.url}/session/operator`, { method: 'POST', headers, body });
    expect(response.status).toBe(200);
    return /=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1] ?? '';
  };
  const consoles = (): readonly string[] =>
    Object.entries(local.services).flatMap(([name, url]) => (name.startsWith('console') ? [url] : []));

  /** Restarts all processes with what is in the files; the load goes to the other console. */
  const restartInTurn = async (): Promise<void> => {
    const [first = '', second = ''] = consoles();
    await restartInPairs(tidings, async (number) => {
      // What is sealed by an instance that has restarted must open at those that have not. Five secrets are valid at a time.
      if (number === 2) await giveSourceAnotherSecret(local.services['subscription-1']);
      inUse.consoleUrl = number === 1 ? second : first;
    });
  };
  const keysOf = (path: string, ...keys: readonly string[]) =>
    path === '/v1a' ? { publicKeys: keys } : { secrets: keys };

  beforeAll(async () => {
    files = await openKeyFiles(keyNames);
    await files.write('ADMIN_KEY', admin.old);
    await files.write('SEALING_KEYS', sealing.old);
    await files.write('CONSOLE_SESSION_KEYS', sessions.old);
    const args = ['--no-demo', '--instances', 'pipeline=2,management=2,console=2'];
    tidings = await startTidings({ args, env: files.env, portBase: await freePortBase(80) });
    local = await tidings.local();
    expect(local.admin_key).toBe(admin.old);
    endpoint = await startVerifyingEndpoint();
    const scopes = ['admin', 'platform', 'events:write', 'subscriptions:read', 'subscriptions:write'];
    const more = ['deliveries:read', 'deliveries:write', 'sources:write'];
    const key = await create(apiOf(local), '/v1/webhooks/api-keys', { scopes: [...scopes, ...more] });
    await eventually(async () => expect(await statusWith(String(key['key']))).toBe(200), patience);
    operatorKey = String(key['key']);
    operator = apiOf({ ...local, admin_key: operatorKey });
    for (const [path, style] of [
      ['/v1', 'v1'],
      ['/v1a', 'v1a'],
    ] as const) {
      const found = await create(operator, '/v1/webhooks/subscriptions', {
        ...{ endpoint_url: `${endpoint.url}${path}`, events: [type], send_test: false },
        signature_style: style,
      });
      const own = String(found[style === 'v1' ? 'secret' : 'public_key']);
      subscriptions.set(path, { id: String(found['id']), key: own });
      endpoint.trust(path, keysOf(path, own));
    }
    const secret = randomBytes(24).toString('hex');
    const made = { provider: 'github', name: 'rotated', secrets: [secret] };
    source = { id: String((await create(operator, '/v1/webhooks/sources', made))['id']), secret };
    inUse = { consoleUrl: local.url, apiKey: admin.old, sourceSecret: secret, partner: null };
    await eventually(async () => {
      expect(await Promise.all([secret, secret, secret].map(pingWith))).toEqual([true, true, true]);
    }, patience);
    load = startRotationLoad(inUse, { type, sourceId: source.id });
  });
  afterAll(async () => {
    await load?.stop();
    await endpoint?.close();
    await tidings?.stop();
    await files?.remove();
  });

  it('gives subscriptions new secrets, which sign beside the old ones', async () => {
    for (const [path, { id, key }] of subscriptions) {
      const body = { overlap_seconds: overlapSeconds };
      const rotated = await create(operator, `/v1/webhooks/subscriptions/${id}/rotate-secret`, body);
      const next = String(rotated[path === '/v1a' ? 'public_key' : 'secret']);
      expect(next).not.toBe(key);
      endpoint.trust(path, keysOf(path, key, next));
      await eventually(() => {
        const signed = [key, next].map((one) => endpoint.isNewestSignedWith(path, keysOf(path, one)));
        expect(signed).toEqual([true, true]);
      }, patience);
    }
  });

  it('gives a source another secret, which verifies beside the old one', async () => {
    await giveSourceAnotherSecret(local.url);
    expect(await pingWith(source.secret)).toBe(true);
  });

  it('replaces an API key: the old one is refused once it is revoked', async () => {
    const made = async () => create(operator, '/v1/webhooks/api-keys', { scopes: ['events:write'] });
    const [old, next] = [await made(), await made()];
    for (const { key } of [old, next]) {
      await untilTaken(String(key));
      inUse.apiKey = String(key);
    }
    await create(operator, `/v1/webhooks/api-keys/${String(old['id'])}/revoke`, {});
    await untilRefused(String(old['key']));
  });

  it('replaces the key pair of tokens and links, and what the old one signed stays valid until it is removed', async () => {
    const stack = { local, env: files.env };
    const held = await newToken();
    const old = signerOf(held);
    // Every instance has to know the partner before it comes.
    await untilTaken(held);
    inUse.partner = { consumer, askedWith: operatorKey };
    await eventually(() => expect(load.tokens.get(old)).toBeGreaterThan(5), patience);
    expect(await replaceTokenKeys(stack, [])).toBe('added');
    const next = await eventually(async () => {
      const found = signerOf(await newToken());
      expect(found).not.toBe(old);
      return found;
    }, patience);
    await eventually(() => expect(load.tokens.get(next)).toBeGreaterThan(20), patience);
    expect(await replaceTokenKeys(stack, ['--remove-old'])).toBe('waiting');
    expect(await statusWith(held)).toBe(200);
    expect(await replaceTokenKeys(stack, ['--remove-old', '--now'])).toBe('removed');
    await untilRefused(held);
    const count = load.tokens.get(next) ?? 0;
    await eventually(() => expect(load.tokens.get(next)).toBeGreaterThan(count + 20), patience);
    inUse.partner = null;
  });

  it('replaces ADMIN_KEY, sealing keys and session keys by restarts in turn', async () => {
    const ofAdmin = await signIn(admin.old);
    const kept = await signIn(operatorKey);
    const token = await newToken();
    const { export_id: id } = await create(operator, '/v1/webhooks/exports', {
      of: 'deliveries',
      format: 'csv',
    });
    const link = await eventually(async () => {
      const { body } = await operator.request('GET', `/v1/webhooks/exports/${String(id)}`);
      const url = (body as Body)['download_url'];
      if (typeof url !== 'string') throw new Error(`the export is not ready: ${JSON.stringify(body)}`);
      return url;
    }, patience);
    const download = async (): Promise<number> => (await fetch(`${local.url}${link}`)).status;
    const everywhere = async (sealed: string): Promise<readonly number[]> =>
      Promise.all(consoles().map(async (base) => session(sealed, base)));
    expect(await everywhere(ofAdmin)).toEqual([200, 200]);
    expect([await download(), ...(await everywhere(kept))]).toEqual([200, 200, 200]);

    await files.write('ADMIN_KEY', admin.next);
    await files.write('SEALING_KEYS', `${sealing.old},${sealing.next}`);
    await files.write('CONSOLE_SESSION_KEYS', `${sessions.old},${sessions.next}`);
    await restartInTurn();
    await untilRefused(admin.old);
    expect(await statusWith(admin.next)).toBe(200);
    expect(await everywhere(ofAdmin)).toEqual([401, 401]);
    expect([await download(), ...(await everywhere(kept))]).toEqual([200, 200, 200]);

    await files.write('SEALING_KEYS', `${sealing.next},${sealing.old}`);
    await files.write('CONSOLE_SESSION_KEYS', `${sessions.next},${sessions.old}`);
    await restartInTurn();
    const before = await reseal(local, files.env);
    expect(before['k1']).toBeGreaterThan(0);
    expect(Object.keys(await reseal(local, files.env))).toEqual(['k2']);
    expect([await download(), ...(await everywhere(kept))]).toEqual([200, 200, 200]);

    await files.write('SEALING_KEYS', sealing.next);
    await files.write('CONSOLE_SESSION_KEYS', sessions.next);
    await restartInTurn();
    expect(await download()).toBe(404);
    expect(await everywhere(kept)).toEqual([401, 401]);
    expect(await everywhere(await signIn(operatorKey))).toEqual([200, 200]);
    expect([await statusWith(token), await statusWith(await newToken())]).toEqual([200, 200]);
  });

  it('refuses the old secrets after the overlap', async () => {
    for (const [path, { key }] of subscriptions) {
      await eventually(() => {
        expect(endpoint.isNewestSignedWith(path, keysOf(path, key))).toBe(false);
      }, patience);
    }
    await eventually(async () => expect(await pingWith(source.secret)).toBe(false), patience);
  });

  it('failed no request, lost nothing, and signed each webhook with a secret in force', async () => {
    await load.stop();
    // A broker that is short of CPU time may confirm late, whoever restarts: ingress says so.
    const late = load.failures.filter((failure) => failure.includes('did not confirm'));
    const tokens = [...load.tokens].map(([pair, count]) => `${count} by ${pair}`).join(', ');
    console.log(
      `key rotation: ${load.accepted.length} events accepted, ${late.length} confirmed late by the log; tokens: ${tokens}`,
    );
    expect(load.failures.filter((failure) => !late.includes(failure))).toEqual([]);
    await eventually(() => {
      for (const path of subscriptions.keys()) {
        const come = endpoint.numbers(path);
        expect(load.accepted.filter((number) => !come.has(number))).toEqual([]);
      }
    }, patience);
    expect(endpoint.refused).toEqual([]);
  });
});

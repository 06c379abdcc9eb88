import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chain, createWorker, step } from '../../packages/chains/src/index.ts';
import { appTopics, topics } from '../../packages/contracts/src/index.ts';
import { connectKafka } from '../../packages/kafka/src/index.ts';
import { silentLogger } from '../../packages/observability/src/index.ts';
import { recordingLogger } from '../../packages/observability/src/testing.ts';
import {
  eventually,
  type ReceivedRequest,
  type Receiver,
  startReceiver,
} from '../../packages/testing/src/index.ts';
import { PlantedSecrets, type Surface } from './secrets/planted-secrets.ts';
import { type Piece, readDocuments, readFiles, readTopics } from './secrets/read-everything.ts';
import { RecordedCalls } from './secrets/recorded-calls.ts';
import { sendInWrongPlaces, sendRefusedSecrets, sendWhereItIsRepeated } from './secrets/wrong-requests.ts';
import { type SecureStack, type Started, startSecureStack } from './secure-stack.ts';

// Every secret of this run is random and known, and nothing that the run leaves behind may contain one in any form.

const planted = new PlantedSecrets();
const random = (): string => randomBytes(24).toString('hex');
const randomKey = (): string => randomBytes(32).toString('base64');
const patience = { timeoutMs: 120_000 };

const sealingKey = planted.plant('sealing key', randomKey());
const sessionKey = planted.plant('session key', randomKey());
const adminKey = planted.plant('admin key', `tdk_${random()}`);
const collectorToken = planted.plant('token of the collector', random());
const passwords = new Map<string, string>();
const passwordOf = (user: string): string => {
  const known = passwords.get(user) ?? planted.plant(`Kafka password of ${user}`, random());
  passwords.set(user, known);
  return known;
};
const logs: Piece[] = [];
const spans: Piece[] = [];
let stack: SecureStack;
let consoleServer: Started;
let collector: Receiver;
let api: RecordedCalls;
let operator: RecordedCalls;

beforeAll(async () => {
  collector = await startReceiver({ answer: { status: 200, body: '{}' } });
  const env = {
    LOG_LEVEL: 'debug',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorToken}`,
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    WRONG_KEYS_PER_MINUTE: '1000',
    TRUSTED_PROXIES: 'loopback',
    PORTAL_URL: 'https://webhooks.example.com/portal',
  };
  stack = await startSecureStack({
    apps: ['shop'],
    adminKey,
    sealingKeys: `k1:${sealingKey}`,
    passwordOf,
    env,
  });
  const urls = [...stack.services].map(([name, { port }]) => [
    `${name.toUpperCase()}_URL`,
    `http://127.0.0.1:${port}`,
  ]);
  consoleServer = await stack.start('console', {
    env: {
      ...(Object.fromEntries(urls) as Readonly<Record<string, string>>),
      CONSOLE_SESSION_KEYS: `s1:${sessionKey}`,
    },
  });
  api = new RecordedCalls(`http://127.0.0.1:${consoleServer.port}`, adminKey);
  operator = new RecordedCalls(`http://127.0.0.1:${stack.services.get('subscription')?.port}`, adminKey);
  await eventually(
    async () => expect((await api.send('GET /v1/webhooks/identity')).status).toBe(200),
    patience,
  );
}, 300_000);

afterAll(async () => {
  await stack?.close();
  await collector?.close();
});

/** An endpoint that repeats in its response what it got: as it is, in hex and in base64, and in headers. */
const echo = async (status: number, tls?: Readonly<{ key: string; cert: string; ca?: string }>) => {
  const answer = ({ headers, body }: ReceivedRequest) => {
    const text = JSON.stringify(headers);
    const encoded = { hex: Buffer.from(text).toString('hex'), base64: Buffer.from(text).toString('base64') };
    const { authorization = '', 'webhook-signature': signature = '' } = headers;
    return {
      status,
      headers: { 'x-echo': String(authorization), 'x-signature': String(signature) },
      body: JSON.stringify({ headers, body: body.toString('utf8'), ...encoded }),
    };
  };
  return startReceiver({ answer, ...(tls !== undefined && { tls }) });
};

/** A key pair of Ed25519: its seed and its public half. */
const newSigningKey = (): string => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const open = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return `whsk_${Buffer.concat([seed, open]).toString('base64')}`;
};

type Listed = Readonly<{ data: readonly Readonly<{ id: string; status?: string }>[] }>;

test('webhooks to endpoints that repeat what they get, signed and authenticated in every way', async () => {
  const [ok, dead] = [await echo(200), await echo(500)];
  const { authority } = stack;
  const server = authority.issue({ hosts: ['127.0.0.1'] });
  const client = authority.issue({ hosts: ['client'] });
  const mutual = await echo(200, { ...server, ca: authority.cert });
  for (const line of client.key.split('\n').filter((text) => /^[A-Za-z0-9+/]{40}/.test(text)))
    planted.plant('key of the client certificate', line);
  const own = (style: string) => planted.plant(`signing secret ${style}`, `whsec_${randomKey()}`);
  const keyPair = planted.plant('signing key v1a', newSigningKey());
  const bearer = planted.plant('bearer header', random());
  const password = planted.plant('password of Basic', random());
  const custom = planted.plant('header of an API key', random());
  // The owner of an endpoint reads its URL; nobody else does.
  const inUrl = planted.plant('token in a URL', random(), ['response', 'topic', 'document', 'file']);
  const basic = `Basic ${Buffer.from(`user:${password}`).toString('base64')}`;
  const subscribe = async (settings: object) =>
    api.ask('POST /v1/webhooks/subscriptions', {
      body: { events: ['order.*'], send_test: false, retry_schedule: [], ...settings },
      headers: { 'idempotency-key': randomBytes(8).toString('hex') },
      shows: ['signing secret v1', 'signing secret plain', 'signing key v1a', 'signing secret tls'],
    });
  // On a busy machine a request may take longer than its timeout.
  const again = [1, 5, 10, 20];
  const first = await subscribe({
    endpoint_url: `${ok.url}/${inUrl}?token=${inUrl}`,
    secret: own('v1'),
    retry_schedule: again,
    secret_headers: { authorization: `Bearer ${bearer}` },
  });
  const failing = await subscribe({
    ...{ endpoint_url: `${dead.url}/dead`, signature_style: 'plain', secret: own('plain') },
    secret_headers: { authorization: basic, 'x-api-key': custom },
  });
  await subscribe({
    endpoint_url: `${dead.url}/pair`,
    signature_style: 'v1a',
    secret: keyPair,
    retry_schedule: [1],
  });
  await subscribe({
    ...{ endpoint_url: mutual.url, secret: own('tls'), retry_schedule: again },
    tls: { ca: authority.cert, certificate: client.cert, key: client.key },
  });
  // Without its authority: the connection fails.
  await subscribe({ endpoint_url: mutual.url, secret_headers: { authorization: basic } });
  await api.ask('POST /v1/events', { body: { type: 'order.paid', data: { order: 1 } } });
  await eventually(async () => {
    const { data } = await api.ask<Listed>('GET /v1/webhooks/deliveries?limit=100');
    const states = data.map(({ status }) => status).toSorted();
    expect(states).toEqual(['dead_lettered', 'dead_lettered', 'dead_lettered', 'delivered', 'delivered']);
  }, patience);
  expect(ok.requests[0]?.headers.authorization).toBe(`Bearer ${bearer}`);
  expect(dead.requests.some(({ headers }) => headers['x-api-key'] === custom)).toBe(true);

  const rotated = planted.plant('rotated secret', `whsec_${randomKey()}`);
  await api.ask(`POST /v1/webhooks/subscriptions/${first.id}/rotate-secret`, {
    body: { secret: rotated },
    shows: ['rotated secret'],
  });
  const changed = planted.plant('changed header', random());
  await api.ask(`PATCH /v1/webhooks/subscriptions/${first.id}`, {
    body: { secret_headers: { authorization: `Bearer ${changed}` } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  await eventually(async () => {
    await api.ask(`POST /v1/webhooks/subscriptions/${first.id}/test`);
    expect(ok.requests.some(({ headers }) => headers.authorization === `Bearer ${changed}`)).toBe(true);
  }, patience);
  await api.ask('POST /v1/webhooks/dead-letters/redrive', {
    body: { filter: { subscription_id: failing.id } },
  });
  await api.ask('POST /v1/webhooks/replays', {
    body: { from: new Date(Date.now() - 3_600_000).toISOString(), target: { all: true } },
  });
  await eventually(async () => {
    const { data } = await api.ask<Readonly<{ data: readonly { state: string }[] }>>('GET /v1/webhooks/jobs');
    expect(data.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(dead.requests.filter(({ path }) => path === '/dead').length).toBeGreaterThanOrEqual(3);
  }, patience);
  await api.send(`POST /v1/webhooks/subscriptions/${first.id}/disable`);
});

test('sources: right and wrong credentials of providers', async () => {
  for (const [provider, options] of [
    ['github', {}],
    ['gitlab', {}],
    ['generic-token', { scheme: 'bearer' }],
    ['generic-hmac', { header: 'x-sign', algorithm: 'sha256' }],
    ['standard-webhooks', {}],
  ] as const) {
    const value = provider === 'standard-webhooks' ? `whsec_${randomKey()}` : random();
    const secret = planted.plant(`secret of ${provider}`, value);
    const { id } = await api.ask('POST /v1/webhooks/sources', {
      body: { provider, name: provider, secrets: [secret], options },
    });
    const body = JSON.stringify({ zen: provider });
    const hook = (key: string) => ({
      'x-github-event': 'ping',
      'x-github-delivery': provider,
      'x-gitlab-event': 'Push Hook',
      'x-gitlab-token': key,
      authorization: `Bearer ${key}`,
      'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
    });
    for (const key of [secret, `${secret}x`, planted.plant(`wrong secret for ${provider}`, random())])
      await eventually(async () => {
        const sent = await api.send(`POST /v1/sources/${id}`, { body, headers: hook(key) });
        expect(sent.status).not.toBe(404);
        if (key === secret && provider !== 'standard-webhooks' && provider !== 'generic-hmac')
          expect(sent.status).toBe(200);
      }, patience);
    const next = planted.plant(
      `rotated secret of ${provider}`,
      provider === 'standard-webhooks' ? `whsec_${randomKey()}` : random(),
    );
    await api.ask(`POST /v1/webhooks/sources/${id}/rotate`, { body: { secret: next } });
    await api.ask(`GET /v1/webhooks/sources/${id}/received`);
  }
});

test('keys, tokens, links and sessions, right and in the wrong places', async () => {
  const repeat = { 'idempotency-key': 'create-key' };
  const body = { name: 'shop', scopes: ['events:write', 'deliveries:read', 'subscriptions:write'] };
  const { key } = await api.ask<Readonly<{ key: string }>>('POST /v1/webhooks/api-keys', {
    ...{ body, headers: repeat, shows: ['API key'] },
  });
  planted.plant('API key', key);
  await api.ask('POST /v1/webhooks/api-keys', { body, headers: repeat, shows: ['API key'] });
  const { token } = await api.ask<Readonly<{ token: string }>>('POST /v1/webhooks/consumer-tokens', {
    body: { consumer_id: 'acme' },
    shows: ['consumer token'],
  });
  planted.plant('consumer token', token);
  const link = await api.ask<Readonly<{ token: string }>>('POST /v1/webhooks/portal-links', {
    body: { consumer_id: 'acme' },
    shows: ['portal token'],
  });
  planted.plant('portal token', link.token);
  const origin = `http://127.0.0.1:${consoleServer.port}`;
  for (const credential of [key, `${key}x`, adminKey, token, link.token, `${token}x`]) {
    await api.send('POST /session/operator', { body: { key: credential }, headers: { origin } });
    await api.send('POST /session/operator', { body: `{"key": ${credential}}`, headers: { origin } });
    await api.send('POST /session/portal', { body: { token: credential }, headers: { origin } });
    await api.send('POST /session/operator/link', { body: { code: credential }, headers: { origin } });
  }
  const secrets = { 'admin key': adminKey, 'API key': key, 'consumer token': token };
  for (const calls of [api, operator])
    for (const [name, credential] of Object.entries(secrets)) {
      await sendInWrongPlaces(calls, credential);
      await sendWhereItIsRepeated(calls, { name, credential });
    }
  await sendRefusedSecrets(api, planted.plant('refused secret', random()));
  const path = planted.plant('path of a notice', random());
  await eventually(async () => {
    const url = `https://hooks.example.com/services/${path}`;
    const changed = await api.send('PATCH /v1/webhooks/workspaces/main', {
      body: { notice: { url, style: 'slack' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect([200, 422]).toContain(changed.status);
  }, patience);
});

test('records that cannot be read, a worker with a wrong password, and exports', async () => {
  // What a publisher sends is data: a dead letter keeps it. Logs, metrics and spans do not.
  const data = planted.plant('content of a poison record', random(), [
    'response',
    'topic',
    'document',
    'file',
  ]);
  const bus = await connectKafka({
    brokers: stack.brokers.brokers,
    clientId: 'poison',
    logger: silentLogger,
  });
  const producer = await bus.producer();
  for (const topic of [topics.events, topics.deliveries, topics.attempts])
    for (const value of [`{"type":"Nothing.v1","data":"${data}"}`, `{"data": ${data}`])
      await producer.publish({ topic, key: 'poison', headers: {}, value: Buffer.from(value) });
  await bus.close({ drainMs: 0 });
  const logger = recordingLogger();
  const wrong = planted.plant('wrong Kafka password', random());
  const connection = { brokers: stack.brokers.secureBrokers, tls: { ca: stack.ca } } as const;
  const sasl = { mechanism: 'SCRAM-SHA-512', username: 'tidings-shop' } as const;
  const options = { app: 'shop', logger, signals: false, ...connection };
  const worker = (password: string) =>
    createWorker({ ...options, sasl: { ...sasl, password } }).on(
      'order.paid',
      chain([step('fail', {}, async () => Promise.reject(new Error('no')))]),
    );
  await expect(worker(wrong).start()).rejects.toThrow();
  const shop = worker(passwordOf('shop'));
  await shop.start();
  await api.ask('POST /v1/events', { body: { type: 'order.paid', data: { order: 2 } } });
  await eventually(async () => {
    const { data: runs } = await api.ask<Listed>('GET /v1/webhooks/runs');
    expect(runs.length).toBeGreaterThanOrEqual(1);
  }, patience);
  await shop.close();
  logs.push({ source: 'the worker', content: Buffer.from(JSON.stringify(logger.lines)) });
  for (const of of ['events', 'deliveries', 'attempts', 'dead_letters', 'audit']) {
    const job = await api.ask<Readonly<{ export_id: string }>>('POST /v1/webhooks/exports', {
      body: { of, format: 'ndjson' },
    });
    await eventually(async () => {
      const { status, download_url: url } = await api.ask<Readonly<{ status: string; download_url: string }>>(
        `GET /v1/webhooks/exports/${job.export_id}`,
      );
      expect(status).toBe('ready');
      await api
        .ask<unknown>(`GET ${url}`)
        .catch((error: unknown) => expect(error).toBeInstanceOf(SyntaxError));
    }, patience);
  }
});

const leaksIn = (surface: Surface, pieces: readonly (Piece & { excepted?: readonly string[] })[]) =>
  pieces.flatMap((piece) => planted.leaksIn(surface, piece));

test('none of it is in logs, metrics, spans, responses, topics, documents or files', async () => {
  const running = [...stack.services, ['console', consoleServer] as const];
  const metrics: Piece[] = [];
  for (const [source, { port }] of running) {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    metrics.push({ source, content: Buffer.from(await response.text()) });
  }
  const documents = await readDocuments(stack.mongo.url);
  // They write their last lines and spans.
  for (const [source, { child, log }] of running) {
    child.kill('SIGTERM');
    await eventually(() => expect(child.exitCode ?? child.signalCode).not.toBeNull(), patience);
    logs.push({ source, content: Buffer.from(log()) });
  }
  logs.push(
    ...readFiles(join(stack.folder, 'kafka')).filter(
      ({ source }) => source.endsWith('.log') && !/^\d/.test(source),
    ),
  );
  spans.push(...collector.requests.map(({ path, body }) => ({ source: path, content: body })));
  const pieces = {
    log: logs,
    metrics,
    span: spans,
    response: [...api.responses, ...operator.responses],
    topic: await readTopics(stack.brokers.brokers, Object.values(appTopics('shop'))),
    document: documents,
    file: readFiles(join(stack.folder, 'objects')),
  } as const;
  for (const [surface, found] of Object.entries(pieces)) {
    const bytes = found.reduce((sum, { content }) => sum + content.length, 0);
    console.log(`${surface}: ${found.length} pieces, ${bytes} bytes`);
    expect(bytes, surface).toBeGreaterThan(100);
  }
  expect(collector.requests[0]?.headers.authorization).toBe(`Bearer ${collectorToken}`);
  const leaks = Object.entries(pieces).flatMap(([surface, found]) => leaksIn(surface as Surface, found));
  expect(leaks).toEqual([]);
});

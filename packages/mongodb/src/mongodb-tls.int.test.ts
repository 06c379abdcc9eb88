import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { recordingLogger } from '@tidings/observability/testing';
import { Health, loadConfig, systemClock } from '@tidings/runtime';
import { eventually, makeAuthority, sharedMongodbUri } from '@tidings/testing';
import { afterAll, beforeAll, describe, type TestContext, test } from 'vitest';
import { MongoConnection } from './mongo-connection.ts';
import { mongodbSettings, mongoTlsOf } from './mongodb-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidings-mongodb-tls-'));
const authority = makeAuthority();
const otherAuthority = makeAuthority('another authority');

const fileOf = (name: string, ...parts: readonly string[]): string => {
  const path = join(folder, name);
  writeFileSync(path, parts.join(''), { mode: 0o600 });
  return path;
};
const caFile = fileOf('ca.pem', authority.cert);
const otherCaFile = fileOf('other-ca.pem', otherAuthority.cert);
const client = authority.issue({ hosts: ['tidings'] });
const clientFile = fileOf('client.pem', client.cert, client.key);
const foreign = otherAuthority.issue({ hosts: ['tidings'] });
const foreignFile = fileOf('foreign.pem', foreign.cert, foreign.key);

type Proxy = Readonly<{ port: number; close: () => Promise<void> }>;

/** Listens with TLS in front of the embedded MongoDB, which has none. */
async function startProxy(options: TlsOptions): Promise<Proxy> {
  const target = new URL(sharedMongodbUri());
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // What a client refuses, or a client that is refused, ends with an error here too.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer(options, (socket) => {
    const database = connect(Number(target.port), target.hostname);
    track(database);
    socket.on('error', () => socket.destroy());
    socket.pipe(database).pipe(socket);
  });
  server.on('connection', track);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a port');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: address.port, close };
}

let proxy: Proxy;
let strictProxy: Proxy;

beforeAll(async () => {
  const own = authority.issue({ hosts: ['127.0.0.1'] });
  proxy = await startProxy(own);
  // In TLS 1.3 the client has finished its handshake before the server can refuse its certificate, so that the alert may
  // be lost with the connection.
  const strict = { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' } as const;
  strictProxy = await startProxy({ ...own, ...strict, ca: authority.cert });
});

afterAll(async () => {
  await Promise.all([proxy.close(), strictProxy.close()]);
  rmSync(folder, { recursive: true, force: true });
});

type Env = Readonly<{ MONGODB_TLS_CA_FILE?: string; MONGODB_TLS_CERT_KEY_FILE?: string }>;

/** Opens a connection as a service does. */
function open({ onTestFinished }: TestContext, uri: string, env: Env) {
  const config = loadConfig(mongodbSettings, { ...env, MONGODB_URI: uri });
  const health = new Health();
  const logger = recordingLogger();
  const mongo = new MongoConnection({
    uri: config.mongodbUri,
    tls: mongoTlsOf(config),
    database: 'tls',
    appName: 'tls-test',
    clock: systemClock,
    logger,
    health: health.register('mongodb'),
  });
  onTestFinished(async () => mongo.close());
  mongo.open();
  return { mongo, health, logger };
}

const at = ({ port }: Proxy, host = '127.0.0.1') => `mongodb://${host}:${port}/`;

describe.concurrent('MongoDB over TLS', () => {
  test.for<readonly [string, () => string, Env]>([
    ['its authority', () => at(proxy), { MONGODB_TLS_CA_FILE: caFile }],
    [
      'the client certificate that it requires',
      () => at(strictProxy),
      { MONGODB_TLS_CA_FILE: caFile, MONGODB_TLS_CERT_KEY_FILE: clientFile },
    ],
  ])('answers a connection with %s', async ([, uri, env], context) => {
    const { expect } = context;
    const { mongo, health } = open(context, uri(), env);
    await eventually(() => expect(health.report().ready).toBe(true));
    expect(await mongo.connection.db?.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  test.for<readonly [string, () => string, Env, string]>([
    ['no authority', () => `${at(proxy)}?tls=true`, {}, 'set MONGODB_TLS_CA_FILE'],
    ['another authority', () => at(proxy), { MONGODB_TLS_CA_FILE: otherCaFile }, 'set MONGODB_TLS_CA_FILE'],
    [
      'another name',
      () => at(proxy, 'localhost'),
      { MONGODB_TLS_CA_FILE: caFile },
      "localhost. is not cert's CN: 127.0.0.1: use a host in MONGODB_URI that the certificate of MongoDB names",
    ],
    ['no TLS', () => at(proxy), {}, 'MongoDB may require TLS (set MONGODB_TLS_CA_FILE)'],
    [
      'no client certificate',
      () => at(strictProxy),
      { MONGODB_TLS_CA_FILE: caFile },
      'alert handshake failure: set MONGODB_TLS_CERT_KEY_FILE',
    ],
    [
      'a client certificate of another authority',
      () => at(strictProxy),
      { MONGODB_TLS_CA_FILE: caFile, MONGODB_TLS_CERT_KEY_FILE: foreignFile },
      'or another certificate of this process (MONGODB_TLS_CERT_KEY_FILE)',
    ],
  ])('refuses a connection with %s, and says what to do', async ([, uri, env, reason], context) => {
    const { expect } = context;
    const { health, logger } = open(context, uri(), env);
    await eventually(() => {
      const [part] = health.report().parts;
      expect(part?.state).toBe('down');
      expect(part?.reason).toContain(reason);
    });
    const [line] = logger.lines.filter(({ event }) => event === 'mongodb.not-connected');
    expect(line?.level).toBe('warn');
    expect(line?.fields['detail']).toContain(reason);
  });
});

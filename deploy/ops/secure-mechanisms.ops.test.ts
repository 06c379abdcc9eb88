import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { topics } from '../../packages/contracts/src/index.ts';
import {
  connectKafka,
  ensureTopics,
  grantRights,
  type KafkaSecurity,
  openSecurity,
} from '../../packages/kafka/src/index.ts';
import { type Brokers, type SecureListener, startBrokers } from '../../packages/local-stack/src/index.ts';
import { silentLogger as logger } from '../../packages/observability/src/index.ts';
import { eventually, makeAuthority } from '../../packages/testing/src/index.ts';

// Users that are proved to real brokers by tokens, which the brokers check themselves, and by certificates.

const folder = mkdtempSync(join(tmpdir(), 'tidings-mechanisms-'));
const authority = makeAuthority();
const otherAuthority = makeAuthority('another authority');
const topic = topics.keyUsage;
// A producer tries on for ever.
const patience = { timeout: 90_000 };

const fileOf = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};
const ca = fileOf('ca.pem', authority.cert);

/** Starts a broker where `writer` may write. */
async function startSecured(name: string, listener: Partial<SecureListener>): Promise<Brokers> {
  const certificate = authority.issue({ hosts: ['127.0.0.1'] });
  const cluster = await startBrokers({
    count: 1,
    dataDir: join(folder, name),
    secure: { certificate, users: {}, ...listener },
  });
  const { brokers } = cluster;
  await ensureTopics({ brokers, replicationFactor: 1, topics: [topic], logger });
  const rights = [
    { resource: 'topic', name: topic.name, pattern: 'literal', operations: ['Read', 'Write'] },
  ] as const;
  await grantRights({ brokers, principal: 'User:writer', rights, logger });
  return cluster;
}

const connect = async ({ secureBrokers }: Brokers, given: KafkaSecurity) => {
  const security = openSecurity(given, { logger });
  const bus = await connectKafka({ brokers: secureBrokers, clientId: 'mechanisms', logger, security });
  onTestFinished(async () => bus.close({ drainMs: 0 }));
  return bus;
};

const writeAndRead = async (cluster: Brokers, given: KafkaSecurity, text: string): Promise<void> => {
  const bus = await connect(cluster, given);
  const producer = await bus.producer();
  const position = await producer.publish({ topic, key: 'k', value: Buffer.from(text) });
  const [read] = await bus.readRecords({ topic, positions: [position] });
  expect(String(read?.value)).toBe(text);
};

const expectRefusal = async (cluster: Brokers, given: KafkaSecurity, reason: RegExp): Promise<void> => {
  const bus = await connect(cluster, given);
  const failure = bus.ends([topic]);
  await expect(failure).rejects.toMatchObject({ code: 'unavailable' });
  await expect(failure).rejects.toThrow(reason);
};

describe('OAUTHBEARER', patience, () => {
  type Claims = Readonly<{ sub: string; iat: number; exp: number }>;
  type Issued = Readonly<{ claims: Claims; token: string }>;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const second = 1_000;
  let cluster: Brokers;

  beforeAll(async () => {
    cluster = await startSecured('tokens', { tokens: 'unsigned' });
  });
  afterAll(async () => cluster.stop());

  /** Starts a token endpoint. The subject of a token is the client; `header` as in a JSON web token. */
  async function tokenEndpoint({ lifeS = 3_600, header = { alg: 'none' }, signature = '' } = {}) {
    const issued: Issued[] = [];
    const server = createServer((request, response) => {
      const [, credentials = ''] = (request.headers.authorization ?? '').split(' ');
      const [sub = ''] = Buffer.from(credentials, 'base64').toString().split(':');
      const iat = Math.floor(Date.now() / second) - 1;
      const claims = { sub, iat, exp: iat + 1 + lifeS };
      const token = `${part(header)}.${part(claims)}.${signature}`;
      issued.push({ claims, token });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ access_token: token, token_type: 'Bearer' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const securityOf = (clientId: string): KafkaSecurity => ({
      tls: { ca },
      sasl: { mechanism: 'OAUTHBEARER', tokenUrl, clientId, clientSecret: 'secret' },
    });
    return { securityOf, issued };
  }

  test('the rights are those of the subject of the token', async () => {
    const { securityOf } = await tokenEndpoint();
    await writeAndRead(cluster, securityOf('writer'), 'by a token');
    await expectRefusal(cluster, securityOf('stranger'), /TOPIC_AUTHORIZATION_FAILED/);
  });

  test('a connection outlives its token with the next one', async () => {
    const { securityOf, issued } = await tokenEndpoint({ lifeS: 10 });
    const connecting = vi.spyOn(tls, 'connect');
    onTestFinished(() => connecting.mockRestore());
    const bus = await connect(cluster, securityOf('writer'));
    const producer = await bus.producer();
    const publish = async () => producer.publish({ topic, key: 'k', value: Buffer.from('renewed') });
    await publish();
    const connections = connecting.mock.calls.length;
    const expiresAtMs = (issued[0]?.claims.exp ?? 0) * second;
    await eventually(
      async () => {
        await publish();
        expect(Date.now()).toBeGreaterThan(expiresAtMs);
      },
      { timeoutMs: 60_000 },
    );
    expect(connecting).toHaveBeenCalledTimes(connections);
    expect(issued.length).toBeGreaterThan(1);
    expect(issued.length).toBeLessThan(4);
  });

  test.each([
    ['an expired token', { lifeS: -10 }],
    ['a token that another issuer has signed', { header: { alg: 'HS256' }, signature: 'c2lnbmVk' }],
  ])('%s is refused with the reason', async (_, options) => {
    const { securityOf } = await tokenEndpoint(options);
    const reason = /the broker refuses the token: \{"status":"invalid_token"\}/;
    await expectRefusal(cluster, securityOf('writer'), reason);
  });
});

describe('certificates of clients', patience, () => {
  let cluster: Brokers;

  beforeAll(async () => {
    cluster = await startSecured('certificates', {
      protocol: 'SSL',
      clientAuthority: authority.cert,
      properties: {
        'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/',
        // In TLS 1.3 the client has finished its handshake before the broker can refuse its certificate, so that the
        // alert may be lost with the connection.
        'ssl.enabled.protocols': 'TLSv1.2',
      },
    });
  });
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const securityOf = (name: string, issuer = authority): KafkaSecurity => {
    const { cert, key } = issuer.issue({ hosts: [name] });
    return { tls: { ca, cert: fileOf('client.pem', cert), key: fileOf('client.key', key) } };
  };

  test('the rights are those of the name in the certificate', async () => {
    await writeAndRead(cluster, securityOf('writer'), 'by a certificate');
    await expectRefusal(cluster, securityOf('stranger'), /TOPIC_AUTHORIZATION_FAILED/);
  });

  test.each<readonly [string, () => KafkaSecurity, RegExp]>([
    ['no certificate', () => ({ tls: { ca } }), /alert bad certificate: set KAFKA_CERT_FILE/],
    [
      'a certificate of another authority',
      () => securityOf('writer', otherAuthority),
      /alert certificate unknown: set KAFKA_CERT_FILE/,
    ],
  ])('%s is refused with the reason', async (_, given, reason) => {
    await expectRefusal(cluster, given(), reason);
  });
});

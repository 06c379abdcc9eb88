import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KeyedEndpoint, startKeyedEndpoint } from '../../e2e/harness/keyed-endpoint.ts';
import { type KeyedLoad, startKeyedLoad } from '../../e2e/harness/keyed-load.ts';
import { topics } from '../../packages/contracts/src/index.ts';
import { connectKafka, openSecurity } from '../../packages/kafka/src/index.ts';
import { prepareJava } from '../../packages/local-stack/src/index.ts';
import { silentLogger as logger } from '../../packages/observability/src/index.ts';
import { eventually, makeAuthority } from '../../packages/testing/src/index.ts';
import { createTopics, readyOf, type SecureStack, type Started, startSecureStack } from './secure-stack.ts';

// What proves the services to Kafka, and Kafka to them, is replaced as docs/key-rotation.md says, under a load of ordered events.

const patience = { timeoutMs: 120_000 };
const path = '/ordered';
const oldPasswordOf = (user: string): string => `old-password-of-${user}`;
const newPasswordOf = (user: string): string => `new-password-of-${user}`;
const newPrefix = 'tidings-next-';
// The order of docs/upgrade.md, without the console.
const inTurn = ['history', 'delivery', 'fanout', 'ingress', 'subscription'] as const;

const next = makeAuthority('the next authority');
let stack: SecureStack;
let running: Map<string, Started>;
let endpoint: KeyedEndpoint;
let load: KeyedLoad;
let callers: { url: string; admin_key: string };

const urlOf = (service: string): string => `http://127.0.0.1:${running.get(service)?.port}`;

/** Waits until the endpoint has got so many events that were published from now on. */
const goesOn = async (): Promise<void> => {
  const count = load.total() + 40;
  await eventually(() => {
    expect(new Set(endpoint.receipts.map(({ webhookId }) => webhookId)).size).toBeGreaterThan(count);
  }, patience);
};

/** Kafka's `kafka-configs.sh --alter`. */
async function alterConfigs(...args: readonly string[]): Promise<void> {
  const { java, jars } = await prepareJava();
  const command = ['-Xmx128m', '-cp', jars.join(delimiter), 'kafka.admin.ConfigCommand'];
  const { brokers } = stack.brokers;
  await promisify(execFile)(java, [...command, '--bootstrap-server', brokers.join(','), '--alter', ...args]);
}

const alterUser = async (name: string, change: readonly string[]): Promise<void> =>
  alterConfigs('--entity-type', 'users', '--entity-name', name, ...change);

/** Replaces the authorities that the broker trusts, or its certificate, in the file that its settings name. */
async function replaceAtBroker(store: 'keystore' | 'truststore', text: string): Promise<void> {
  const file = join(stack.folder, 'kafka/broker-1', store === 'keystore' ? 'broker.pem' : 'clients.pem');
  writeFileSync(file, text);
  const setting = `listener.name.secure.ssl.${store}.location=${file}`;
  await alterConfigs('--entity-type', 'brokers', '--entity-name', '1', '--add-config', setting);
}

/** Returns the issuer's name in the certificate that the broker shows to a new connection. */
async function issuerAtBroker(): Promise<string> {
  const [host = '', port = ''] = stack.brokers.secureBrokers[0]?.split(':') ?? [];
  const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  return new X509Certificate(raw).issuer;
}

const connectAs = async (username: string, password: string) => {
  const { cert, key } = { cert: join(stack.folder, 'client.pem'), key: join(stack.folder, 'client.key') };
  const sasl = { mechanism: 'SCRAM-SHA-512', username, password } as const;
  const security = openSecurity({ tls: { ca: stack.ca, cert, key }, sasl }, { logger });
  return connectKafka({ brokers: stack.brokers.secureBrokers, clientId: 'keys', logger, security });
};

beforeAll(async () => {
  stack = await startSecureStack({
    ...{ adminKey: 'key-of-the-secure-stack', sealingKeys: `k1:${Buffer.alloc(32, 7).toString('base64')}` },
    ...{ passwordOf: oldPasswordOf, clientCertificates: true },
  });
  running = new Map(stack.services);
  endpoint = await startKeyedEndpoint();
  callers = { url: urlOf('ingress'), admin_key: stack.adminKey };
  const response = await fetch(`${urlOf('subscription')}/v1/webhooks/subscriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ endpoint_url: `${endpoint.url}${path}`, events: ['ordered'], ordering: 'key', send_test: false },
    }),
  });
  expect(response.status, await response.text()).toBe(201);
  load = startKeyedLoad({ local: callers, types: ['ordered'], keysPerType: 5, perSecond: 40 });
  await goesOn();
}, 300_000);

afterAll(async () => {
  await load?.stop();
  await endpoint?.close();
  await stack?.close();
});

test('authorities and certificates on both sides are replaced in their files, without a restart', async () => {
  const { authority, folder, ca } = stack;
  const both = `${authority.cert}${next.cert}`;
  writeFileSync(ca, both);
  await replaceAtBroker('truststore', both);
  const { cert, key } = next.issue({ hosts: ['127.0.0.1'] });
  await replaceAtBroker('keystore', `${key}${cert}`);
  await eventually(async () => expect(await issuerAtBroker()).toContain('the next authority'), patience);
  const client = next.issue({ hosts: ['client'] });
  writeFileSync(join(folder, 'client.key'), client.key);
  writeFileSync(join(folder, 'client.pem'), client.cert);
  writeFileSync(ca, next.cert);
  await replaceAtBroker('truststore', next.cert);
  await goesOn();
});

test('each service gets another user: an instance with it starts beside the old one, which then stops', async () => {
  const users = inTurn.map(async (service) =>
    alterUser(`${newPrefix}${service}`, [
      '--add-config',
      `SCRAM-SHA-512=[password=${newPasswordOf(service)}]`,
    ]),
  );
  await Promise.all(users);
  await createTopics(['--acls', '--prefix', newPrefix], { KAFKA_BROKERS: stack.brokers.brokers.join(',') });
  for (const service of inTurn) {
    const file = join(stack.folder, `${newPrefix}${service}`);
    writeFileSync(file, newPasswordOf(service), { mode: 0o600 });
    const env = { KAFKA_USERNAME: `${newPrefix}${service}`, KAFKA_PASSWORD_FILE: file };
    const before = running.get(service);
    const started = await stack.start(service, { user: service, env });
    await eventually(async () => expect((await readyOf(started.port)).status).toBe(200), patience);
    running.set(service, started);
    // As a load balancer does, before the old instance stops.
    callers.url = urlOf('ingress');
    before?.child.kill('SIGTERM');
    if (before !== undefined && before.child.exitCode === null) await once(before.child, 'exit');
    expect(before?.child.exitCode).toBe(0);
    await goesOn();
  }
}, 600_000);

test('an old user is refused once it is removed, and nobody needs it', async () => {
  const connect = async (): Promise<void> => {
    const bus = await connectAs('tidings-ingress', oldPasswordOf('ingress'));
    try {
      await bus.ends([topics.events]);
    } finally {
      await bus.close({ drainMs: 0 });
    }
  };
  await connect();
  await alterUser('tidings-ingress', ['--delete-config', 'SCRAM-SHA-512']);
  await eventually(async () => expect(connect()).rejects.toThrow(/SASL|authenticat/i), patience);
  await goesOn();
});

test('no request failed, nothing was lost and the order of each key was kept', async () => {
  await load.stop();
  // A broker that is short of CPU time may confirm late, whoever restarts: ingress says so.
  const late = load.failures.filter((failure) => failure.includes('did not confirm'));
  expect(load.failures.filter((failure) => !late.includes(failure))).toEqual([]);
  await eventually(() => expect(endpoint.missing(load.accepted, [path])).toEqual([]), patience);
  expect(endpoint.orderBreaks([path])).toEqual([]);
  console.log(
    `keys of Kafka: ${load.total()} events, ${late.length} confirmed late, ${endpoint.duplicates([path])} duplicates`,
  );
});

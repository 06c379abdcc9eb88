import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@tidings/contracts';
import { connectKafka, ensureTopics, grantRights, type KafkaSecurity, openSecurity } from '@tidings/kafka';
import { type Brokers, startBrokers } from '@tidings/local-stack';
import { silentLogger as logger } from '@tidings/observability';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidings-secure-'));
const authority = makeAuthority();
const caFile = join(folder, 'ca.pem');
const topic = topics.keyUsage;
let cluster: Brokers;

beforeAll(async () => {
  writeFileSync(caFile, authority.cert);
  cluster = await startBrokers({
    count: 1,
    dataDir: join(folder, 'data'),
    secure: {
      certificate: authority.issue({ hosts: ['127.0.0.1'] }),
      users: { writer: 'secret of writer', stranger: 'secret of stranger' },
    },
  });
  const { brokers } = cluster;
  await ensureTopics({ brokers, replicationFactor: 1, topics: [topic], logger });
  const rights = [
    { resource: 'topic', name: topic.name, pattern: 'literal', operations: ['Read', 'Write'] },
    { resource: 'group', name: 'tidings.temporary.test.', pattern: 'prefix', operations: ['Read', 'Delete'] },
  ] as const;
  await grantRights({ brokers, principal: 'User:writer', rights, logger });
});

afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const connect = async (given: KafkaSecurity) => {
  const security = openSecurity(given, { logger });
  const bus = await connectKafka({
    brokers: cluster.secureBrokers,
    clientId: 'secure-test',
    logger,
    security,
  });
  onTestFinished(async () => bus.close({ drainMs: 0 }));
  return bus;
};

type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

const as = (username: string, mechanism: Mechanism = 'SCRAM-SHA-512', password = `secret of ${username}`) =>
  ({ tls: { ca: caFile }, sasl: { mechanism, username, password } }) as const;

test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
  'a user with a right writes and reads, proved by %s',
  async (mechanism) => {
    const bus = await connect(as('writer', mechanism));
    const producer = await bus.producer();
    const { partition, offset } = await producer.publish({ topic, key: 'k', value: Buffer.from(mechanism) });
    const [read] = await bus.readRecords({ topic, positions: [{ partition, offset }] });
    expect(String(read?.value)).toBe(mechanism);
    const values: string[] = [];
    const from = { offsets: new Map([[partition, offset]]) };
    await bus.readRange({
      ...{ topic, partitions: [partition], from, service: 'test' },
      onRecord: ({ value }) => values.push(String(value)),
    });
    expect(values).toEqual([mechanism]);
  },
);

test.each([
  [
    'a wrong password',
    as('writer', 'SCRAM-SHA-512', 'wrong'),
    /SASL_AUTHENTICATION_FAILED|invalid credentials/,
  ],
  ['brokers of another authority', { ...as('writer'), tls: {} }, /self-signed|unable to (get|verify)/],
  [
    'another name than that of the brokers',
    { ...as('writer'), tls: { ca: caFile, serverName: 'kafka.test' } },
    /altnames/,
  ],
  ['no right to the topic', as('stranger'), /TOPIC_AUTHORIZATION_FAILED/],
] as const)('%s is refused with the reason', async (_, security, reason) => {
  const bus = await connect(security);
  await expect(bus.ends([topic])).rejects.toMatchObject({ code: 'unavailable' });
  await expect(bus.ends([topic])).rejects.toThrow(reason);
});

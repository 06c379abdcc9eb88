import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, connectKafka, ensureTopics, type IncomingRecord } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Brokers, startBrokers } from './brokers.ts';

const service = 'local-stack-test';
const soon = { timeout: 60_000, interval: 100 };

let folder: string;
let cluster: Brokers;
let bus: Bus | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-leaderless-'));
  cluster = await startBrokers({ count: 3, dataDir: folder });
});

afterEach(async () => {
  await bus?.close();
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
});

const partitions = 6;
const topicOf = (name: string) =>
  ({ name, kind: 'table', partitions, key: 'any', config: { 'min.insync.replicas': '1' } }) as const;

/** Creates a topic that has a record in each partition, with its number as the key. */
const create = async (name: string, replicationFactor: number): Promise<void> => {
  const { brokers } = cluster;
  const topic = topicOf(name);
  await ensureTopics({ brokers, replicationFactor, topics: [topic], logger: silentLogger });
  const writing = await connectKafka({ brokers, clientId: service, logger: silentLogger });
  const producer = await writing.producer();
  const keys = Array.from({ length: partitions }, (_, partition) => partition);
  await producer.publishAll(
    keys.map((partition) => ({ topic, partition, key: String(partition), value: Buffer.from('v') })),
  );
  await writing.close();
};

const decode = ({ key }: IncomingRecord) => ({ key: String(key), version: 1, value: String(key) });

const open = async (name: string) => {
  const table = await bus?.table({ topic: topicOf(name), service, decode, staleAfterMs: 15_000 });
  if (table === undefined) throw new Error('no bus');
  return table;
};

test('a process that starts reads every partition that has a leader, and the others when they have one', async () => {
  // Broker 2 has two partitions of the first topic, and replicas of the other one.
  await create('part', 1);
  await create('whole', 3);
  const away = cluster.nodes.find(({ nodeId }) => nodeId === 2);
  await away?.kill9();
  bus = await connectKafka({ brokers: cluster.brokers, clientId: service, logger: silentLogger });
  const [part, whole] = [await open('part'), await open('whole')];
  await whole.ready();
  expect(whole.size()).toBe(6);
  await vi.waitFor(() => expect(part.size()).toBe(4), soon);
  await vi.waitFor(() => expect(part.isStale()).toBe(true), soon);
  expect([part.size(), whole.isStale()]).toEqual([4, false]);
  await away?.start();
  await part.ready();
  expect(part.size()).toBe(6);
  await vi.waitFor(() => expect(part.isStale()).toBe(false), soon);
}, 180_000);

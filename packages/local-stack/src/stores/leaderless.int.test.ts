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

/** Reads the topics in one group. Returns the names of the partitions of which a record was handled. */
const startGroup = async (from: Bus, names: readonly string[]): Promise<ReadonlySet<string>> => {
  const handled = new Set<string>();
  await from.runPartitions({
    group: 'leaderless-test',
    topics: names.map(topicOf),
    decode: ({ key }) => String(key),
    onBatch: ({ topic, items }) => {
      for (const item of items) {
        handled.add(`${topic}/${item.message}`);
        item.done();
      }
    },
  });
  return handled;
};

const namesIn = (handled: ReadonlySet<string>, topic: string): number =>
  [...handled].filter((name) => name.startsWith(`${topic}/`)).length;

/** Waits until the brokers say that the two partitions of a dead broker have no leader. */
const untilLeaderless = async (topic: string): Promise<void> => {
  await vi.waitFor(async () => {
    const asking = await connectKafka({ brokers: cluster.brokers, clientId: service, logger: silentLogger });
    try {
      await expect(asking.ends([topicOf(topic)])).rejects.toThrow('LEADER_NOT_AVAILABLE');
    } finally {
      await asking.close();
    }
  }, soon);
};

/** Connects while two partitions of the topic `part` have no leader, those of the broker that is away. */
const openWithoutLeaders = async () => {
  await create('part', 1);
  await create('whole', 3);
  const away = cluster.nodes.find(({ nodeId }) => nodeId === 2);
  await away?.kill9();
  await untilLeaderless('part');
  const connected = await connectKafka({ brokers: cluster.brokers, clientId: service, logger: silentLogger });
  bus = connected;
  return { away, connected };
};

test('a group that starts handles every partition that has a leader, and the others when they have one', async () => {
  const { away, connected } = await openWithoutLeaders();
  const handled = await startGroup(connected, ['part', 'whole']);
  await vi.waitFor(() => expect([namesIn(handled, 'part'), namesIn(handled, 'whole')]).toEqual([4, 6]), soon);
  await away?.start();
  await vi.waitFor(() => expect(namesIn(handled, 'part')).toBe(6), soon);
}, 180_000);

test('a producer writes to every partition that has a leader, and to the others when they have one', async () => {
  const { away, connected } = await openWithoutLeaders();
  const producer = await connected.producer();
  const written: string[] = [];
  const publish = async (topic: string, partition: number): Promise<void> => {
    await producer.publishAll([{ topic: topicOf(topic), partition, key: 'k', value: Buffer.from('v') }]);
    written.push(`${topic}/${partition}`);
  };
  const parts = Array.from({ length: partitions }, async (_, partition) => publish('part', partition));
  await vi.waitFor(() => expect(written).toHaveLength(4), soon);
  await Promise.all(Array.from({ length: partitions }, async (_, partition) => publish('whole', partition)));
  expect(written).toHaveLength(10);
  await away?.start();
  await Promise.all(parts);
}, 180_000);

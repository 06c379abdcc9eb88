import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { topics } from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../ports.ts';
import { liveBrokerIds } from './broker-metadata.ts';
import { type Brokers, startBrokers } from './brokers.ts';

let folder: string;
let cluster: Brokers | null = null;
const buses: Bus[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-brokers-'));
});

afterEach(async () => {
  await Promise.all(buses.splice(0).map((bus) => bus.close()));
  await cluster?.stop();
  cluster = null;
  await rm(folder, { recursive: true, force: true });
});

async function connect(brokers: readonly string[]): Promise<Bus> {
  const bus = await connectKafka({ brokers, clientId: 'local-stack-test', logger: silentLogger });
  buses.push(bus);
  return bus;
}

async function valuesOf(bus: Bus): Promise<string[]> {
  const values: string[] = [];
  await bus.readRange({
    topic: topics.keyUsage,
    partitions: [0],
    from: { offsets: new Map([[0, 0n]]) },
    onRecord: (record) => values.push(String(record.value)),
    service: 'local-stack-test',
  });
  return values;
}

test('a broker keeps its records and port after kill -9 and after a stop', async () => {
  cluster = await startBrokers({ count: 1, dataDir: folder });
  const { brokers } = cluster;
  await ensureTopics({ brokers, replicationFactor: 1, topics: [topics.keyUsage], logger: silentLogger });
  // So that the first group does not wait for it.
  expect(existsSync(join(folder, 'broker-1', 'data', '__consumer_offsets-0'))).toBe(true);
  const bus = await connect(brokers);
  const producer = await bus.producer();
  const sent = Array.from({ length: 20 }, (_, i) => `record ${i}`);
  await producer.publishAll(
    sent.map((value) => ({ topic: topics.keyUsage, key: 'k', value: Buffer.from(value) })),
  );
  const before = cluster.nodes[0]?.pid;
  await cluster.nodes[0]?.kill9();
  await cluster.nodes[0]?.start();
  expect(cluster.nodes[0]?.pid).not.toBe(before);
  // A started broker answers before it leads its partitions.
  const expectAll = async (reader: Bus): Promise<void> =>
    expect.poll(async () => valuesOf(reader), { timeout: 20_000 }).toEqual(sent);
  await expectAll(bus);
  await cluster.nodes[0]?.restart();
  await expectAll(await connect(brokers));
});

test('three brokers form a cluster, and their number cannot change with existing data', async () => {
  cluster = await startBrokers({ count: 3, dataDir: folder });
  const [host = '', port = ''] = (cluster.brokers[2] ?? '').split(':');
  expect((await liveBrokerIds(host, Number(port)))?.sort()).toEqual([1, 2, 3]);
  expect(cluster.replicationFactor).toBe(3);
  await cluster.stop();
  await expect(startBrokers({ count: 1, dataDir: folder })).rejects.toThrow(
    /was made with 3 broker\(s\), not 1\. Start with --brokers 3/,
  );
});

test('a port in use is reported with the setting that changes it', async () => {
  const [base = 0] = await freePorts('127.0.0.1', 1);
  const stranger = createServer();
  await new Promise<void>((resolve) => stranger.listen(base, '127.0.0.1', resolve));
  try {
    await expect(
      startBrokers({ count: 1, dataDir: folder, portBase: base, portSetting: 'npm start -- --port-base N' }),
    ).rejects.toThrow(
      `port ${base} (Kafka broker 1) on 127.0.0.1 is taken by another program. End that program, or choose other ports with npm start -- --port-base N.`,
    );
  } finally {
    stranger.close();
  }
});

test('damaged data is reported in one sentence with a remedy', async () => {
  cluster = await startBrokers({ count: 1, dataDir: folder });
  await cluster.stop();
  cluster = null;
  await writeFile(join(folder, 'broker-1', 'data', 'meta.properties'), 'version=1\ncluster.id=other\n');
  await expect(startBrokers({ count: 1, dataDir: folder })).rejects.toThrow(
    /^broker-1 ended at start .* If its data is damaged, move the data folder away or start with --data/s,
  );
});

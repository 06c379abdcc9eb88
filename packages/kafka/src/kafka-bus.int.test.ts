import { createServer } from 'node:net';
import { allTopics } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { beforeAll, inject } from 'vitest';
import { ensureTopics } from './admin/ensure-topics.ts';
import type { Bus } from './bus.ts';
import { createKafka } from './client/client.ts';
import { busContract } from './contract/bus-contract.ts';
import { freshName } from './contract/harness.ts';
import { connectKafka } from './kafka-bus.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    brokers: string[];
  }
}

const logger = silentLogger;

/** Returns a port without a listener. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 1;
}

beforeAll(async () => {
  await ensureTopics({ brokers: inject('brokers'), replicationFactor: 1, topics: allTopics, logger });
});

busContract('Kafka', async () => {
  const brokers = inject('brokers');
  const open: Bus[] = [];
  const connect = async (to: readonly string[]): Promise<Bus> => {
    const bus = await connectKafka({ brokers: to, clientId: 'contract', logger });
    open.push(bus);
    return bus;
  };
  return {
    bus: await connect(brokers),
    peer: async () => connect(brokers),
    unreachable: async () => connect([`127.0.0.1:${await closedPort()}`]),
    topic: async ({ partitions = 1, kind = 'work' } = {}) => {
      const config: Record<string, string> =
        kind === 'ladder' ? { 'message.timestamp.type': 'LogAppendTime' } : {};
      const topic = { name: freshName('topic'), kind, partitions, key: 'any', config };
      await ensureTopics({ brokers, replicationFactor: 1, topics: [topic], logger });
      return topic;
    },
    expire: async (topic, partition, before) => {
      const admin = createKafka({ brokers, clientId: 'contract', logger }).admin();
      await admin.connect();
      const partitions = [{ partition, offset: String(before) }];
      // kafkajs deletes only from topics that it knows.
      await admin.fetchTopicOffsets(topic.name);
      await admin.deleteTopicRecords({ topic: topic.name, partitions });
      await admin.disconnect();
    },
    close: async () => {
      await Promise.all(open.map((bus) => bus.close({ drainMs: 0 })));
    },
  };
});

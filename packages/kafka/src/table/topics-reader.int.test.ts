import { silentLogger } from '@tidings/observability';
import type { Admin } from 'kafkajs';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { ensureTopics } from '../admin/ensure-topics.ts';
import type { Bus, IncomingRecord } from '../bus.ts';
import { createKafka } from '../client/client.ts';
import { freshName, longTimeout, numbered, numberOf, upTo } from '../contract/harness.ts';
import { connectKafka } from '../kafka-bus.ts';

const logger = silentLogger;
const service = 'test';
const decode = (record: IncomingRecord) => ({
  key: String(numberOf(record)),
  version: 1,
  value: numberOf(record),
});

let bus: Bus;
let clientId: string;
let admin: Admin;

beforeEach(async () => {
  const brokers = inject('brokers');
  clientId = freshName('tables');
  bus = await connectKafka({ brokers, clientId, logger });
  admin = createKafka({ brokers, clientId: 'test', logger }).admin();
  await admin.connect();
});

afterEach(async () => {
  await bus.close();
  await admin.disconnect();
});

const createTopic = async (partitions: number) => {
  const topic = { name: freshName('table'), kind: 'table' as const, partitions, key: 'any', config: {} };
  await ensureTopics({ brokers: inject('brokers'), replicationFactor: 1, topics: [topic], logger });
  return topic;
};

/** Returns the groups that this bus is a member of; other tests of the stack have groups of their own. */
const groupsOf = async (): Promise<string[]> => {
  const { groups } = await admin.listGroups();
  const described = await admin.describeGroups(groups.map(({ groupId }) => groupId));
  return described.groups
    .filter(({ members }) => members.some((member) => member.clientId === clientId))
    .map(({ groupId }) => groupId);
};

it('reads the tables of a process without a consumer group, each record once in each of them', async () => {
  const topics = [await createTopic(3), await createTopic(1)];
  const producer = await bus.producer();
  for (const topic of topics) {
    await producer.publishAll(
      upTo(300).map((n) => numbered(topic, n, { key: String(n), partition: n % topic.partitions })),
    );
  }
  const open = async (topic: (typeof topics)[number]) => {
    const seen: number[] = [];
    const onChange = (_key: string, value: number | undefined) => void seen.push(value ?? -1);
    const table = await bus.table({ topic, service, decode, onChange });
    await table.ready();
    return seen;
  };
  const tables = await Promise.all(topics.map(open));
  // While the others wait for records: they must not make this one wait.
  const [first] = topics;
  if (first === undefined) throw new Error('no topic');
  tables.push(await open(first));
  await producer.publishAll(topics.map((topic) => numbered(topic, 300, { key: '300' })));
  await vi.waitFor(() => {
    for (const seen of tables) expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(301));
  }, longTimeout);
  expect(await groupsOf()).toEqual([]);
});

it('follows a log from its first record on, and a topic that was deleted and created anew', async () => {
  const topic = await createTopic(1);
  const producer = await bus.producer();
  for (const n of upTo(5)) await producer.publish(numbered(topic, n, { key: String(n) }));
  await admin.fetchTopicOffsets(topic.name);
  await admin.deleteTopicRecords({ topic: topic.name, partitions: [{ partition: 0, offset: '3' }] });
  const table = await bus.table({ topic, service, decode });
  await table.ready();
  expect([...table.values()]).toEqual([3, 4]);
  const other = await bus.table({ topic: await createTopic(1), service, decode });
  await other.ready();

  await admin.deleteTopics({ topics: [topic.name] });
  await ensureTopics({ brokers: inject('brokers'), replicationFactor: 1, topics: [topic], logger });
  await producer.publish(numbered(topic, 7, { key: '7' }));
  await vi.waitFor(() => expect(table.get('7')).toBe(7), longTimeout);
  expect(other.isStale()).toBe(false);
});

import { once } from 'node:events';
import {
  type AttemptRecorded,
  type DeliveryRequested,
  decodeAttempt,
  decodeDelivery,
  encodeDelivery,
  type SubscriptionId,
  type TopicDefinition,
  topics,
} from '@tidings/contracts';
import { type Bus, connectKafka, type IncomingRecord, type Producer } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers, startReceiver } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { secretText } from './builders.ts';
import { type CrashPoint, skipOldCommands, startProcess, subscribeTo } from './delivery-process.ts';

const count = 300;
// A process that has just started may put some commands on the rung of one minute.
const longTimeout = { timeoutMs: 100_000 };
vi.setConfig({ testTimeout: 150_000 });

let bus: Bus;
let producer: Producer;

beforeAll(async () => {
  bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'crash-test', logger: silentLogger });
  producer = await bus.producer();
  await skipOldCommands(bus);
});
afterAll(async () => {
  await bus.close();
});

/** Returns all current records of one subscription on a topic. */
const readOf = async <T>(
  topic: TopicDefinition,
  id: SubscriptionId,
  decode: (record: IncomingRecord) => T,
) => {
  const found: T[] = [];
  await bus.readRange({
    topic,
    partitions: Array.from({ length: topic.partitions }, (_, partition) => partition),
    from: { timestampMs: 0 },
    service: 'crash-test',
    onRecord: (record) => {
      if (record.key === id) found.push(decode(record));
    },
  });
  return found;
};

/**
 * Returns the requests among the attempts. Commands may be deferred as well,
 * because of neighbours left by other tests.
 */
const requestsOf = async (id: SubscriptionId): Promise<readonly AttemptRecorded[]> =>
  (await readOf(topics.attempts, id, decodeAttempt)).filter(({ outcome }) => outcome.kind !== 'deferred');

const nameOf = ({ deliveryId, attempt }: Pick<AttemptRecorded, 'deliveryId' | 'attempt'>): string =>
  `${deliveryId} ${attempt}`;

const distinct = (names: readonly string[]): number => new Set(names).size;

/** Starts an endpoint that records the delivery of each request. It responds with `status` until that is changed. */
const anEndpoint = async (status: number) => {
  const receiver = await startReceiver({ secrets: [secretText], cleanUp: (close) => onTestFinished(close) });
  const endpoint = { receiver, sent: [] as string[], status };
  receiver.answer(({ headers }) => {
    endpoint.sent.push(String(headers['webhook-id']));
    // Slow enough for many sends of few records each, however long one of them takes.
    return { status: endpoint.status, delayMs: 20 };
  });
  return endpoint;
};

/** Publishes the commands for a process that is killed while it processes them. */
const runUntilStruck = async (
  crashPoint: CrashPoint,
  commands: readonly DeliveryRequested[],
): Promise<void> => {
  const doomed = await startProcess(crashPoint);
  const died = once(doomed, 'exit');
  await producer.publishAll(
    commands.map((command) => ({ topic: topics.deliveries, ...encodeDelivery(command) })),
  );
  expect(await died).toEqual([null, 'SIGKILL']);
};

describe('a process that is killed on real Kafka', () => {
  it('between record and commit loses nothing, and repeats at most the requests in flight', async () => {
    const { receiver, sent } = await anEndpoint(204);
    const { id, commands } = await subscribeTo(producer, receiver);
    // The first record of a request. While a process has no broker metadata, a send is slow, and all other records
    // would be in the second send. Deferred commands are recorded too, and may be the only records of a send.
    const text = '"kind":"delivered"';
    await runUntilStruck({ topic: topics.attempts.name, key: id, text }, commands(count));
    const atDeath = await requestsOf(id);
    const underWay = sent.length - distinct(atDeath.map(nameOf));
    expect(atDeath.length).toBeGreaterThan(0);
    expect(atDeath.length).toBeLessThan(count);
    await startProcess();
    const attemptEvents = await eventually(async () => {
      const found = await requestsOf(id);
      expect(distinct(found.map(nameOf))).toBe(count);
      return found;
    }, longTimeout);
    expect(attemptEvents.every(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
    expect(distinct(sent)).toBe(count);
    const repeats = sent.length - count;
    process.stdout.write(
      `killed between record and commit: ${atDeath.length} of ${count} recorded, none lost, ${repeats} sent twice, ${underWay} were in flight\n`,
    );
    expect(repeats).toBeLessThanOrEqual(underWay);
  });

  it('between send and commit of the relay loses nothing, and the copies disappear', async () => {
    // A 404 does not count against the endpoint: its breaker stays closed.
    const endpoint = await anEndpoint(404);
    const { receiver, sent } = endpoint;
    // Longer than the delay in memory: a second attempt arrives through the relay alone.
    const { id, commands } = await subscribeTo(producer, receiver, { retryScheduleSeconds: [5, 5] });
    await runUntilStruck({ topic: topics.deliveries.name, key: id, text: '' }, commands(count));
    endpoint.status = 204;
    const atDeath = await requestsOf(id);
    const underWay = sent.length - distinct(atDeath.map(nameOf));
    await startProcess();
    const attemptEvents = await eventually(async () => {
      const found = await requestsOf(id);
      const delivered = found.filter(({ outcome }) => outcome.kind === 'delivered');
      expect(distinct(delivered.map(({ deliveryId }) => deliveryId))).toBe(count);
      return found;
    }, longTimeout);
    const moved = await readOf(topics.deliveries, id, decodeDelivery);
    const copies = moved.length - distinct(moved.map(({ state }) => nameOf(state)));
    const repeats = sent.length - distinct(attemptEvents.map(nameOf));
    process.stdout.write(
      `killed between send and commit of the relay: ${copies} copies of ${count} commands, none lost, ${repeats} sent twice, ${underWay} were in flight\n`,
    );
    expect(copies).toBeGreaterThan(0);
    expect(repeats).toBeLessThanOrEqual(underWay);
    // A duplicate chain would be one attempt ahead of its delivery.
    expect(attemptEvents.filter(({ attempt }) => attempt > 2)).toEqual([]);
  });
});

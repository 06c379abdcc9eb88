import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type DeliveryRequested,
  decodeDeadLetterFact,
  deliveryId,
  encodeDelivery,
  encodeSubscription,
  newEventId,
  newSubscriptionId,
  type SubscriptionId,
  topics,
} from '@tidings/contracts';
import { type Bus, connectKafka, partitionForKey } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { aState, aSubscription, sealingKeys } from './builders.ts';
import { type EventName, type OrderReceiver, startOrderReceiver } from './order-receiver.ts';

const brokers = sharedBrokers();
const mainFile = fileURLToPath(new URL('../../server/dist/src/main.js', import.meta.url));
const subscriptions = 4;
const keysPerSubscription = 5;
const eventsPerKey = 500;
const total = subscriptions * keysPerSubscription * eventsPerKey;
const killEveryMs = 7_000;
const kills = 5;
const deadlineMs = 150_000;

let bus: Bus;

beforeAll(async () => {
  bus = await connectKafka({ brokers, clientId: 'order-test', logger: silentLogger });
});

afterAll(async () => {
  await bus.close();
});

/** Starts a delivery service in a process of its own. */
const startProcess = (): ChildProcess => {
  const child = spawn(process.execPath, [mainFile], {
    env: {
      SERVICES: 'delivery',
      KAFKA_BROKERS: brokers.join(','),
      SEALING_KEYS: sealingKeys,
      DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8',
      ALLOW_HTTP_ENDPOINTS: 'true',
      DELIVERY_PORT: '0',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  onTestFinished(() => end(child, 'SIGKILL'));
  return child;
};

const end = async (child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
};

/** Returns ids of subscriptions in separate partitions, so that several instances have work. */
const spreadIds = (): SubscriptionId[] => {
  const ids = new Map<number, SubscriptionId>();
  while (ids.size < subscriptions) {
    const id = newSubscriptionId(Date.now());
    ids.set(partitionForKey(id, topics.deliveries.partitions), id);
  }
  return [...ids.values()];
};

const commandFor = (subscriptionId: SubscriptionId, { key, number }: EventName): DeliveryRequested => ({
  state: aState({
    subscriptionId,
    orderingKey: key,
    deliveryId: deliveryId(`dlv_${randomUUID().replaceAll('-', '')}`),
    eventId: newEventId(Date.now()),
    acceptedAtMs: Date.now(),
  }),
  body: Buffer.from(JSON.stringify({ key, number })),
  traceparent: null,
});

const publishAll = async (receiver: OrderReceiver): Promise<void> => {
  const producer = await bus.producer();
  const ids = spreadIds();
  for (const id of ids) {
    const subscription = aSubscription({
      id,
      endpointUrl: receiver.url,
      ordering: 'key',
      retryScheduleSeconds: [1, 1, 1],
    });
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
  }
  for (let number = 0; number < eventsPerKey; number += 1) {
    const commands = ids.flatMap((id, at) =>
      Array.from({ length: keysPerSubscription }, (_, key) =>
        commandFor(id, { key: `${at}-${key}`, number }),
      ),
    );
    await producer.publishAll(
      commands.map((next) => ({ topic: topics.deliveries, ...encodeDelivery(next) })),
    );
  }
};

/** Returns the time at which each event became a dead letter, as far as the log contains it. */
const deadLettersSince = async (startedMs: number): Promise<(EventName & { atMs: number })[]> => {
  const found: (EventName & { atMs: number })[] = [];
  const partitions = Array.from({ length: topics.deadLetters.partitions }, (_, at) => at);
  await bus.readRange({
    topic: topics.deadLetters,
    partitions,
    from: { timestampMs: startedMs },
    onRecord: (record) => {
      const fact = decodeDeadLetterFact(record);
      if (!('deadLetter' in fact) || fact.deadLetter.type !== 'DeliveryDeadLettered.v1') return;
      const { deadLetter, value } = fact;
      expect(deadLetter.reason).toBe('exhausted');
      found.push({ ...(JSON.parse(value.toString()) as EventName), atMs: record.timestampMs });
    },
    service: 'order-test',
  });
  return found;
};

const wait = async (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Runs one instance, then three of which one is killed and replaced every few seconds, then one again. */
const shake = async (receiver: OrderReceiver): Promise<number[]> => {
  const running = [startProcess()];
  const doneAtKills: number[] = [];
  await eventually(() => expect(receiver.requests).toBeGreaterThan(200), { timeoutMs: 60_000 });
  running.push(startProcess(), startProcess());
  for (let kill = 0; kill < kills; kill += 1) {
    await wait(killEveryMs);
    doneAtKills.push(receiver.succeeded.size);
    const [victim] = running.splice(Math.floor(Math.random() * running.length), 1);
    if (victim !== undefined) await end(victim, 'SIGKILL');
    running.push(startProcess());
  }
  await wait(killEveryMs);
  await Promise.all(running.slice(1).map(async (child) => end(child, 'SIGTERM')));
  return doneAtKills;
};

it(
  'keeps the order of each key while the endpoint fails, instances are killed and their number changes',
  async () => {
    const startedMs = Date.now();
    const receiver = await startOrderReceiver();
    onTestFinished(() => receiver.close());
    await publishAll(receiver);
    const doneAtKills = await shake(receiver);
    const deadLetters = await eventually(
      async () => {
        const dead = await deadLettersSince(startedMs);
        const ended = new Set([...receiver.succeeded, ...dead.map(({ key, number }) => `${key} ${number}`)]);
        expect(ended.size).toBe(total);
        return dead;
      },
      { timeoutMs: deadlineMs, everyMs: 1_000 },
    );
    const exhausted = new Set(deadLetters.map(({ key, number }) => `${key} ${number}`));
    process.stdout.write(
      `order: ${total} events over ${subscriptions * keysPerSubscription} keys, ${kills} kills (at ${doneAtKills.join(', ')}): ${receiver.requests} ` +
        `requests, ${receiver.failures} failed, ${exhausted.size} exhausted, ${receiver.repeats} sent again after ` +
        `their success (at most ${receiver.mostAtOnce} were in flight at once), ${Date.now() - startedMs} ms\n`,
    );
    expect(receiver.violations(deadLetters)).toEqual([]);
    expect(exhausted.size).toBeGreaterThan(0);
    expect(receiver.repeats).toBeLessThanOrEqual((kills + 1) * receiver.mostAtOnce);
  },
  deadlineMs + 120_000,
);

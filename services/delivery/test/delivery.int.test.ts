import { once } from 'node:events';
import {
  type AttemptRecorded,
  type DeliveryDeadLettered,
  type DeliveryRequested,
  decodeAttempt,
  decodeDeadLetterFact,
  encodeDelivery,
  newSubscriptionId,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import { type Bus, connectKafka, type Producer, partitionForKey } from '@tidings/kafka';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { AppError, loadConfig } from '@tidings/runtime';
import { eventually, type Receiver, sharedBrokers, startReceiver } from '@tidings/testing';
import { answered } from '@tidings/testing/messages';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { openEngine, startEngine } from '../src/run-engine.ts';
import { startDelivery } from '../src/service.ts';
import { secretText } from './builders.ts';
import { deliveryEnv, skipOldCommands, startProcess, subscribeTo } from './delivery-process.ts';

const brokers = sharedBrokers();
let bus: Bus;
let producer: Producer;
const attemptEvents: AttemptRecorded[] = [];
const deadLetters: { deadLetter: DeliveryDeadLettered; value: Buffer }[] = [];

beforeAll(async () => {
  bus = await connectKafka({ brokers, clientId: 'delivery-test', logger: silentLogger });
  producer = await bus.producer();
  await skipOldCommands(bus);
  await bus.runPartitions({
    group: `delivery-test-${process.pid}-${Date.now()}`,
    topics: [topics.attempts, topics.deadLetters],
    decode: (record) => record,
    onBatch: ({ topic, items }) => {
      for (const item of items) {
        if (topic === topics.attempts.name) attemptEvents.push(decodeAttempt(item.message));
        else {
          const attemptEvent = decodeDeadLetterFact(item.message);
          if ('deadLetter' in attemptEvent && attemptEvent.deadLetter.type === 'DeliveryDeadLettered.v1')
            deadLetters.push({ deadLetter: attemptEvent.deadLetter, value: attemptEvent.value });
        }
        item.done();
      }
    },
  });
});

afterAll(async () => {
  await bus.close();
});

const contextFor = (more: Readonly<Record<string, string>> = {}) =>
  createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'delivery',
    config: loadConfig(configSpec, { ...deliveryEnv, ...more }),
    catalogue: metricsCatalogue,
  });

/** Starts the service in this process and waits until it is ready. */
const startHere = async (more: Readonly<Record<string, string>> = {}) => {
  const context = contextFor(more);
  const stop = async () => {
    await context.resources.close(5_000);
  };
  onTestFinished(stop);
  const { url } = await startDelivery(context);
  await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
  return { context, url, stop };
};

const subscribe = async (receiver: Pick<Receiver, 'url'>, overrides?: Partial<SubscriptionRecord>) =>
  subscribeTo(producer, receiver, overrides);

const publish = async (commands: readonly DeliveryRequested[]): Promise<void> => {
  await producer.publishAll(
    commands.map((command) => ({ topic: topics.deliveries, ...encodeDelivery(command) })),
  );
};

const attemptEventsOf = (id: string) => attemptEvents.filter(({ subscriptionId }) => subscriptionId === id);

const distinctAttemptEvents = async (id: string, count: number) =>
  eventually(() => {
    expect(attemptEventsOf(id).length).toBeGreaterThanOrEqual(count);
    return attemptEventsOf(id);
  });

const aReceiver = async () =>
  startReceiver({ secrets: [secretText], cleanUp: (close) => onTestFinished(close) });

describe('the delivery service on real Kafka', () => {
  it('delivers a signed request and records it', async () => {
    const receiver = await aReceiver();
    await startHere();
    const { id, commands } = await subscribe(receiver);
    const [command] = commands(1) as [DeliveryRequested];
    await publish([command]);
    const [request] = await receiver.waitFor(1);
    expect(request?.verification).toMatchObject({ ok: true, id: command.state.deliveryId });
    expect(request?.body.equals(command.body)).toBe(true);
    expect(await distinctAttemptEvents(id, 1)).toMatchObject([
      { deliveryId: command.state.deliveryId, attempt: 1, outcome: { kind: 'delivered', statusCode: 204 } },
    ]);
  });

  it('retries over the ladder with the same id and bytes, and ends with a dead letter', async () => {
    const receiver = await aReceiver();
    receiver.answer({ status: 500, body: 'sorry' });
    await startHere();
    const { id, commands } = await subscribe(receiver, { retryScheduleSeconds: [1, 1] });
    const [command] = commands(1) as [DeliveryRequested];
    await publish([command]);
    const requests = await receiver.waitFor(3, { timeoutMs: 30_000 });
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([command.state.deliveryId]),
    );
    for (const request of requests) {
      expect(request.body.equals(command.body)).toBe(true);
      expect(request.verification).toMatchObject({ ok: true });
    }
    expect(new Set(requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
    const recorded = await distinctAttemptEvents(id, 3);
    expect(recorded.map(({ attempt, next }) => [attempt, next.kind])).toEqual([
      [1, 'retry'],
      [2, 'retry'],
      [3, 'dead-letter'],
    ]);
    const { deadLetter, value } = await eventually(() => {
      const found = deadLetters.find(({ deadLetter: { state } }) => state.subscriptionId === id);
      if (found === undefined) throw new Error('no dead letter yet');
      return found;
    });
    expect(deadLetter.reason).toBe('exhausted');
    expect(deadLetter.state.attempts.map(({ statusCode }) => statusCode)).toEqual([500, 500, 500]);
    expect(value.equals(command.body)).toBe(true);
  });

  it('repeats, with the same id, a request that was sent and not recorded before a crash', async () => {
    const receiver = await aReceiver();
    const { id, commands } = await subscribe(receiver);
    const context = contextFor();
    const dyingBus: Bus = {
      runPartitions: (options) => bus.runPartitions(options),
      table: (options) => bus.table(options),
      relay: (options) => bus.relay(options),
      readRange: (options) => bus.readRange(options),
      readRecords: (options) => bus.readRecords(options),
      follow: (options) => bus.follow(options),
      ends: (of) => bus.ends(of),
      lag: (group, of) => bus.lag(group, of),
      members: (group) => bus.members(group),
      close: async () => {},
      producer: async () => ({
        publish: async () => Promise.reject(new AppError({ code: 'closed', message: 'died' })),
        publishAll: async () => Promise.reject(new AppError({ code: 'closed', message: 'died' })),
        whenWritable: async () => {},
        close: async () => {},
      }),
    };
    let sent = 0;
    const send = async () => {
      sent += 1;
      return answered(204);
    };
    const opened = await openEngine(dyingBus, send, context);
    await startEngine(opened, context);
    const [command] = commands(1) as [DeliveryRequested];
    await publish([command]);
    await eventually(() => expect(sent).toBe(1));
    await context.resources.close(5_000);
    expect(attemptEventsOf(id)).toEqual([]);

    await startHere();
    const [request] = await receiver.waitFor(1);
    expect(request?.headers['webhook-id']).toBe(command.state.deliveryId);
    expect(await distinctAttemptEvents(id, 1)).toHaveLength(1);
  });

  it('loses nothing when the process is killed while it works', async () => {
    const receiver = await aReceiver();
    const { id, commands } = await subscribe(receiver);
    receiver.answer({ status: 204, delayMs: 5 });
    const first = await startProcess();
    const all = commands(1_000);
    await publish(all);
    await receiver.waitFor(200, { timeoutMs: 30_000 });
    first.kill('SIGKILL');
    await once(first, 'exit');
    await startProcess();
    const wanted = new Set<string>(all.map(({ state }) => state.deliveryId));
    const received = () => receiver.requests.map(({ headers }) => String(headers['webhook-id']));
    await eventually(() => expect(new Set(received()).size).toBe(wanted.size), { timeoutMs: 40_000 });
    expect(new Set(received())).toEqual(wanted);
    const duplicates = receiver.requests.length - wanted.size;
    expect(duplicates).toBeLessThan(wanted.size);
    await eventually(() =>
      expect(new Set(attemptEventsOf(id).map((attemptEvent) => attemptEvent.deliveryId)).size).toBe(
        wanted.size,
      ),
    );
  });

  it('stops at SIGTERM without sending anything twice', async () => {
    const receiver = await aReceiver();
    const { id, commands } = await subscribe(receiver, { maxInFlight: 4 });
    receiver.answer({ status: 204, delayMs: 10 });
    const first = await startProcess();
    const all = commands(300);
    await publish(all);
    await receiver.waitFor(50, { timeoutMs: 30_000 });
    first.kill('SIGTERM');
    const [code] = (await once(first, 'exit')) as [number | null];
    expect(code).toBe(0);
    await startProcess();
    await eventually(() => expect(attemptEventsOf(id).length).toBeGreaterThanOrEqual(300), {
      timeoutMs: 30_000,
    });
    const received = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(received).size).toBe(300);
    expect(received).toHaveLength(300);
  });

  it('continues deliveries to an endpoint beside one that hangs, in the same partition', async () => {
    const receiver = await aReceiver();
    await startHere();
    const slow = await subscribe(receiver, { maxInFlight: 2, timeoutMs: 30_000 });
    const partition = partitionForKey(slow.id, topics.deliveries.partitions);
    let healthyId = newSubscriptionId(Date.now());
    while (partitionForKey(healthyId, topics.deliveries.partitions) !== partition) {
      healthyId = newSubscriptionId(Date.now());
    }
    const healthy = await subscribe(receiver, { id: healthyId });
    receiver.answer((request) => (request.path === slow.path ? 'hang' : { status: 204 }));
    await publish(slow.commands(100));
    await publish(healthy.commands(100));
    const recorded = await distinctAttemptEvents(healthy.id, 100);
    expect(recorded.every(({ outcome }) => outcome.kind === 'delivered')).toBe(true);
    expect(receiver.requests.filter(({ path }) => path === slow.path)).toHaveLength(2);
    expect(attemptEventsOf(slow.id).filter(({ outcome }) => outcome.kind !== 'deferred')).toEqual([]);
  });

  it('sends nothing to a listener of this installation, its own included, and marks its requests', async () => {
    const [named, partner] = [await aReceiver(), await aReceiver()];
    const { url } = await startHere({
      OWN_LISTENERS: new URL(named.url).host,
      LOOP_ID: 'installation-1',
    });
    for (const receiver of [named, { url }]) {
      const { id, commands } = await subscribe(receiver);
      await publish(commands(1));
      expect(await distinctAttemptEvents(id, 1)).toMatchObject([
        { outcome: { kind: 'failed', reason: 'blocked-address' }, next: { kind: 'dead-letter' } },
      ]);
    }
    const { commands } = await subscribe(partner);
    await publish(commands(1));
    const [received] = await partner.waitFor(1);
    expect(received?.headers['tidings-loop']).toBe('installation-1');
    expect(named.requests).toEqual([]);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  type DeadLetter,
  type DeliveryState,
  decodeDeadLetterFact,
  decodeDelivery,
  type EventAccepted,
  encodeEvent,
  encodeJobRecord,
  encodeSubscription,
  type JobOrdered,
  jobPartition,
  newEventId,
  newSubscriptionId,
  replayChainOf,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, type Producer } from '@tidings/kafka';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { eventually, sharedBrokers } from '@tidings/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startFanout } from '../src/service.ts';
import { anEvent, aSubscription } from './builders.ts';

const mainFile = fileURLToPath(new URL('../../server/dist/src/main.js', import.meta.url));
const brokers = sharedBrokers();

let bus: Bus;
let producer: Producer;
const commands: DeliveryState[] = [];
const deadLetters: Readonly<{ deadLetter: DeadLetter; value: Buffer }>[] = [];
const cleanUps: (() => Promise<void>)[] = [];

beforeAll(async () => {
  bus = await connectKafka({ brokers, clientId: 'fanout-test', logger: silentLogger });
  producer = await bus.producer();
  const group = `fanout-test-${randomUUID()}`;
  await bus.runPartitions({
    group,
    topics: [topics.deliveries, topics.deadLetters],
    decode: (record) => record,
    onBatch: ({ topic, items }) => {
      for (const item of items) {
        if (topic === topics.deliveries.name) commands.push(decodeDelivery(item.message).state);
        else {
          // Redrives of other tests on these brokers have settled dead letters: the topic holds those facts too.
          const fact = decodeDeadLetterFact(item.message);
          if ('deadLetter' in fact) deadLetters.push(fact);
        }
        item.done();
      }
    },
  });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

afterAll(async () => {
  await bus.close();
});

/** Creates a workspace with one subscription to all events. Records of other tests do not match it. */
const aWorkspace = async () => {
  const workspace = workspaceId(`ws_${randomUUID()}`);
  const subscription = aSubscription({
    id: newSubscriptionId(Date.now()),
    workspaceId: workspace,
    events: ['*'],
  });
  await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
  const newEvent = (over: Partial<EventAccepted> = {}) =>
    anEvent(1, { id: newEventId(Date.now()), workspaceId: workspace, ...over });
  const publish = async (events: readonly EventAccepted[], partition = 3) => {
    const records = events.map((event) => encodeEvent(event, { isRepeatable: true }));
    await producer.publishAll(records.map((record) => ({ topic: topics.events, partition, ...record })));
  };
  const eventIds = () =>
    commands.filter((state) => state.workspaceId === workspace).map(({ eventId }) => eventId);
  return { workspace, newEvent, publish, eventIds };
};

const startHere = async () => {
  const logger = recordingLogger();
  const config = loadConfig(configSpec, { KAFKA_BROKERS: brokers.join(',') });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'fanout',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  const { url } = await startFanout(context);
  const stop = async () => context.resources.close(15_000);
  cleanUps.push(stop);
  await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), { timeoutMs: 30_000 });
  return { logger, stop };
};

const startProcess = (more: Readonly<Record<string, string>> = {}): ChildProcess => {
  const env = {
    ...process.env,
    SERVICES: 'fanout',
    KAFKA_BROKERS: brokers.join(','),
    FANOUT_PORT: '0',
    LOG_LEVEL: 'warn',
    ...more,
  };
  const child = spawn(process.execPath, [mainFile], { env, stdio: 'inherit' });
  cleanUps.push(async () => {
    child.kill('SIGKILL');
  });
  return child;
};

describe('fanout with real Kafka', () => {
  it('continues after a restart without duplicates', async () => {
    const { newEvent, publish, eventIds } = await aWorkspace();
    const events = Array.from({ length: 60 }, () => newEvent());
    const first = await startHere();
    await publish(events.slice(0, 20));
    await eventually(() => expect(eventIds()).toHaveLength(20));
    await first.stop();
    await publish(events.slice(20, 40));
    await startHere();
    await publish(events.slice(40));
    const ids = events.map(({ id }) => id);
    await eventually(() => expect(new Set(eventIds())).toEqual(new Set(ids)));
    expect(eventIds()).toEqual(ids);
  });

  it('drops repeats of events handled before the restart, but no record that is only read again', async () => {
    const { newEvent, publish, eventIds } = await aWorkspace();
    const [one, two, three] = [newEvent(), newEvent(), newEvent()];
    const first = await startHere();
    await publish([one, two, one]);
    await eventually(() => expect(eventIds()).toHaveLength(2));
    await first.stop();
    await publish([two, three, { ...one, time: '2026-11-22T11:11:11Z' }, three]);
    const { logger } = await startHere();
    const dropped = () => logger.lines.filter(({ event }) => event === 'event.repeat-dropped');
    await eventually(() => expect(dropped()).toHaveLength(3));
    expect(eventIds()).toEqual([one.id, two.id, three.id]);
  });

  it('dead-letters a poison record with its origin and delivers the next event', async () => {
    const { workspace, newEvent, publish, eventIds } = await aWorkspace();
    await startHere();
    const [bad, good, conflicting] = [newEvent({ data: Buffer.from('{"a":') }), newEvent(), newEvent()];
    const foreign = { ce_type: 'order.paid', ce_workspaceid: workspace };
    await producer.publish({
      topic: topics.events,
      partition: 3,
      key: workspace,
      headers: foreign,
      value: Buffer.from('not an event'),
    });
    await publish([bad, conflicting, { ...conflicting, data: Buffer.from('[]') }, good]);
    await eventually(() => expect(eventIds()).toEqual([conflicting.id, good.id]));
    const mine = () =>
      deadLetters.filter(
        ({ deadLetter }) =>
          deadLetter.type === 'RecordPoisoned.v1' &&
          deadLetter.origin.headers['ce_workspaceid'] === workspace,
      );
    await eventually(() => expect(mine()).toHaveLength(3));
    const reasons = mine().map(({ deadLetter, value }) => [deadLetter.reason, value.toString()]);
    expect(reasons.toSorted()).toEqual([
      ['idempotency-conflict', '[]'],
      ['undecodable', 'not an event'],
      ['undecodable', '{"a":'],
    ]);
  });

  it('loses nothing when it is killed; a repeated command has the same delivery id', async () => {
    const { newEvent, publish, eventIds } = await aWorkspace();
    const events = Array.from({ length: 3_000 }, () => newEvent());
    const victim = startProcess();
    await publish(events.slice(0, 100), 1);
    await eventually(() => expect(eventIds().length).toBeGreaterThan(0), { timeoutMs: 30_000 });
    const flood = Promise.all(
      [0, 1, 2, 3].map(async (n) => publish(events.slice(100 + n * 725, 825 + n * 725), n)),
    );
    await eventually(() => expect(eventIds().length).toBeGreaterThan(500), { everyMs: 1 });
    victim.kill('SIGKILL');
    await flood;
    startProcess();
    const wanted = new Set(events.map(({ id }) => id));
    await eventually(() => expect(new Set(eventIds()).size).toBe(wanted.size), { timeoutMs: 40_000 });
    expect(new Set(eventIds())).toEqual(wanted);
    const mine = commands.filter(({ eventId }) => wanted.has(eventId));
    expect(new Set(mine.map(({ deliveryId }) => deliveryId)).size).toBe(wanted.size);
    console.info(`${mine.length - wanted.size} of ${wanted.size} commands came twice`);
  });

  it('continues a replay after it was killed; what it repeats has the same delivery id and chain', async () => {
    const { workspace, newEvent, publish } = await aWorkspace();
    const events = Array.from({ length: 1_500 }, () => newEvent());
    for (let partition = 0; partition < 3; partition += 1)
      await publish(events.slice(partition * 500, (partition + 1) * 500), partition);
    const order: JobOrdered<'replay'> = {
      type: 'JobOrdered.v1',
      jobId: `job_${randomUUID().replaceAll('-', '')}`,
      kind: 'replay',
      workspaceId: workspace,
      ownerId: null,
      requestedBy: 'key_1',
      spec: {
        ...{ fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000, types: [], filter: null },
        ...{ target: { kind: 'all' }, asNew: false, holdLive: false, ratePerSecond: 10_000 },
      },
      desired: 'running',
      revision: 1,
      createdAtMs: Date.now(),
    };
    const replayed = () =>
      commands.filter((state) => state.workspaceId === workspace && state.trigger === 'replay');
    const rate = { FANOUT_REPLAY_RATE: '800' };
    const victim = startProcess(rate);
    const partition = jobPartition(order.jobId);
    await producer.publish({ topic: topics.jobs, partition, ...encodeJobRecord(order) });
    await eventually(() => expect(replayed().length).toBeGreaterThan(300), { timeoutMs: 30_000, everyMs: 5 });
    victim.kill('SIGKILL');
    expect(replayed().length).toBeLessThan(events.length);
    startProcess({ FANOUT_REPLAY_RATE: '10000' });
    const wanted = new Set(events.map(({ id }) => id));
    await eventually(() => expect(new Set(replayed().map(({ eventId }) => eventId))).toEqual(wanted), {
      timeoutMs: 40_000,
    });
    expect(new Set(replayed().map(({ deliveryId }) => deliveryId)).size).toBe(wanted.size);
    expect(new Set(replayed().map(({ chain }) => chain))).toEqual(new Set([replayChainOf(order)]));
    console.info(`${replayed().length - wanted.size} of ${wanted.size} replayed commands came twice`);
  });
});

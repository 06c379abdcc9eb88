import {
  decodeAttempt,
  decodeDeadLetter,
  decodeDelivery,
  decodeEventReceived,
  deriveDeliveryId,
  encodeEvent,
  encodeSubscription,
  type SubscriptionRecord,
  sourceId,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError, loadConfig } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { anEvent, aSubscription } from '../test/builders.ts';
import { configSpec } from './config.ts';
import { maxFilteredBytes } from './large-data.ts';
import { metricsCatalogue } from './metrics.ts';
import { startFanout } from './service.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Wraps `publishAll` between the service and its producer. */
type Gate = (publishAll: Producer['publishAll']) => Producer['publishAll'];

const start = async (bus: MemoryBus, gate: Gate = (publishAll) => publishAll) => {
  const logger = recordingLogger();
  const config = loadConfig(configSpec, { KAFKA_BROKERS: 'memory:1' });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'fanout',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  // The test owns the bus, which outlives the service.
  const { url } = await startFanout(context, async () => ({
    ...bus,
    producer: async () => {
      const producer = await bus.producer();
      return {
        publish: async (record, options) => producer.publish(record, options),
        publishAll: gate(async (records, options) => producer.publishAll(records, options)),
        whenWritable: async () => producer.whenWritable(),
        close: async () => producer.close(),
      };
    },
    close: async () => {},
  }));
  const stop = async () => context.resources.close(5_000);
  cleanUps.push(stop);
  return { url, logger, stop };
};

const given = async (...subscriptions: SubscriptionRecord[]) => {
  const bus = createMemoryBus();
  cleanUps.push(async () => bus.close());
  const producer = await bus.producer();
  for (const subscription of subscriptions) {
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
  }
  const publishTo = async (partition: number, ...events: ReturnType<typeof anEvent>[]) => {
    const records = events.map((event) => encodeEvent(event, { isRepeatable: true }));
    await producer.publishAll(records.map((record) => ({ topic: topics.events, partition, ...record })));
  };
  const publish = async (...events: ReturnType<typeof anEvent>[]) => publishTo(0, ...events);
  const commands = () => bus.records(topics.deliveries).map((record) => decodeDelivery(record).state);
  const deadLetters = () => bus.records(topics.deadLetters).map((record) => decodeDeadLetter(record));
  return { bus, producer, publish, publishTo, commands, deadLetters };
};

describe('the fanout service', () => {
  it('produces the commands of each event in the order of the log and logs one line for each event', async () => {
    const { bus, publish, commands } = await given(
      aSubscription({ id: subscriptionId('sub_1') }),
      aSubscription({ id: subscriptionId('sub_2'), events: ['*'] }),
    );
    const { logger } = await start(bus);
    const events = Array.from({ length: 250 }, (_, n) => anEvent(n + 1));
    await publish(...events);
    await eventually(() => expect(commands()).toHaveLength(500));
    for (const id of ['sub_1', 'sub_2']) {
      const order = commands().filter(({ subscriptionId: to }) => to === id);
      expect(order.map(({ eventId }) => eventId)).toEqual(events.map((event) => event.id));
    }
    await eventually(() => {
      const lines = logger.lines.filter(({ event }) => event === 'event.fanned-out');
      expect(lines).toHaveLength(250);
      expect(lines[0]?.fields).toMatchObject({ eventId: events[0]?.id, matched: 2, disabled: 0, offset: 0 });
    });
  });

  it('writes a dead letter, and its attempt event, for each filter that cannot evaluate the data of an event', async () => {
    const { bus, publish, commands, deadLetters } = await given(
      aSubscription({ id: subscriptionId('sub_1'), filters: { total: 12 } }),
      aSubscription({ id: subscriptionId('sub_2') }),
    );
    await start(bus);
    const large = { bytes: maxFilteredBytes + 1, sha256: 'a'.repeat(64) };
    const event = anEvent(1, { large, data: Buffer.alloc(0) });
    await publish(event);
    await eventually(() => expect(commands()).toMatchObject([{ subscriptionId: 'sub_2' }]));
    await eventually(() => expect(bus.records(topics.attempts)).toHaveLength(1));
    const state = { deliveryId: deriveDeliveryId(event.id, subscriptionId('sub_1')), large };
    expect(deadLetters()).toMatchObject([{ deadLetter: { reason: 'filter-limit', state } }]);
    expect(bus.records(topics.attempts).map(decodeAttempt)).toMatchObject([
      { deliveryId: state.deliveryId, outcome: { kind: 'set-aside', reason: 'filter-limit' } },
    ]);
  });

  it('splits an event with many subscriptions over several sends and completes it once', async () => {
    const subscriptions = Array.from({ length: 1_300 }, (_, n) =>
      aSubscription({ id: subscriptionId(`sub_${n}`) }),
    );
    const { bus, publish, commands } = await given(...subscriptions);
    await start(bus);
    await publish(anEvent(1), anEvent(2));
    await eventually(() => expect(commands()).toHaveLength(2_600));
    await eventually(async () => {
      const [lag] = await bus.lag('tidings-fanout', [topics.events]);
      expect(lag?.committedOffset).toBe(2n);
    });
  });

  it('commits nothing before the commands are acknowledged', async () => {
    const { bus, publishTo, commands } = await given(aSubscription());
    let requested = 0;
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    await start(bus, (publishAll) => async (records) => {
      requested += 1;
      if (requested === 1) await opened;
      return publishAll(records);
    });
    const committed = async (partition: number) =>
      (await bus.lag('tidings-fanout', [topics.events]))[partition]?.committedOffset;
    await publishTo(0, anEvent(1), anEvent(2, { eventType: 'no.subscription' }));
    await eventually(() => expect(requested).toBe(1));
    // The later work of another partition is committed, so a commit of this one would have happened too.
    await publishTo(1, anEvent(3));
    await eventually(async () => expect(await committed(1)).toBe(1n));
    expect(await committed(0)).toBe(0n);
    open();
    await eventually(async () => expect(await committed(0)).toBe(2n));
    expect(commands()).toHaveLength(2);
  });

  it('restarts a partition from the committed offset when its commands are refused', async () => {
    const { bus, publish, commands } = await given(aSubscription());
    let refusals = 2;
    await start(bus, (publishAll) => async (records) => {
      refusals -= 1;
      if (refusals >= 0) throw new AppError({ code: 'unprocessable', message: 'refused' });
      return publishAll(records);
    });
    await publish(anEvent(1), anEvent(2));
    await eventually(() =>
      expect(commands().map(({ eventId }) => eventId)).toEqual([anEvent(1).id, anEvent(2).id]),
    );
  });

  it('dead-letters poison records and conflicts with their origin, and continues', async () => {
    const { bus, producer, publish, commands, deadLetters } = await given(aSubscription());
    await start(bus);
    await publish(anEvent(1));
    const raw = { topic: topics.events, partition: 0, key: null };
    await producer.publish({
      ...raw,
      headers: { ce_type: 'order.paid' },
      value: Buffer.from('no CloudEvent'),
    });
    await publish(anEvent(2, { data: Buffer.from('{') }));
    await publish(anEvent(1, { data: Buffer.from('{"other":true}') }));
    await publish(anEvent(3));
    await eventually(() => {
      expect(commands().map(({ eventId }) => eventId)).toEqual([anEvent(1).id, anEvent(3).id]);
      expect(deadLetters()).toHaveLength(3);
    });
    const poison = deadLetters().toSorted((a, b) => offsetOf(a) - offsetOf(b));
    expect(poison.map(({ deadLetter }) => deadLetter.reason)).toEqual([
      'undecodable',
      'undecodable',
      'idempotency-conflict',
    ]);
    expect(poison.map(({ value }) => value.toString())).toEqual(['no CloudEvent', '{', '{"other":true}']);
    expect(poison[2]?.deadLetter).toMatchObject({
      group: 'tidings-fanout',
      origin: { topic: 'tidings.events', partition: 0, offset: '3', key: anEvent(1).id },
    });
  });

  it('drops a repeat of a received event after a restart, by its id in a topic of its own, matched or not', async () => {
    const { bus, publish, commands } = await given(aSubscription());
    const callerId = 'theirs';
    const received = { sourceId: sourceId(`src_${'1'.repeat(32)}`), headers: {} };
    const [matched, unmatched] = [
      anEvent(1, { received, callerId }),
      anEvent(2, { received, callerId, eventType: 'no.subscription' }),
    ];
    const first = await start(bus);
    await publish(matched, unmatched, anEvent(3, { received, callerId: null }));
    await eventually(() => expect(commands()).toHaveLength(2));
    await first.stop();
    // That without an id of the provider is not among them.
    expect(
      bus.records(topics.receivedIds).map((record) => [record.partition, decodeEventReceived(record)]),
    ).toEqual(
      [matched, unmatched].map(({ id }, offset) => [
        0,
        { type: 'EventReceived.v1', eventId: id, offset, atMs: expect.any(Number) as number },
      ]),
    );
    const { logger } = await start(bus);
    await publish(matched, unmatched, anEvent(4));
    await eventually(() => expect(commands()).toHaveLength(3));
    await eventually(() => {
      const dropped = logger.lines.filter(({ event }) => event === 'event.repeat-dropped');
      expect(dropped.map(({ fields }) => fields['eventId'])).toEqual([matched.id, unmatched.id]);
    });
    expect(bus.records(topics.receivedIds)).toHaveLength(2);
  });

  it('drops a repeat, also after a restart, and handles what arrived in between', async () => {
    const { bus, publish, commands } = await given(aSubscription());
    const first = await start(bus);
    await publish(anEvent(1), anEvent(1), anEvent(2));
    await eventually(() => expect(commands()).toHaveLength(2));
    await first.stop();
    await publish(anEvent(1), anEvent(3), anEvent(3), anEvent(2));
    const second = await start(bus);
    await eventually(() => expect(commands()).toHaveLength(3));
    const dropped = () => second.logger.lines.filter(({ event }) => event === 'event.repeat-dropped');
    await eventually(() => expect(dropped()).toHaveLength(3));
    expect(commands().map(({ eventId }) => eventId)).toEqual([1, 2, 3].map((n) => anEvent(n).id));
  });

  it('applies changes of subscriptions while it runs', async () => {
    const { bus, producer, publish, commands } = await given(aSubscription());
    await start(bus);
    await publish(anEvent(1));
    await eventually(() => expect(commands()).toHaveLength(1));
    const change = aSubscription({ version: 2, state: 'deleted' });
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(change) });
    const other = aSubscription({ id: subscriptionId('sub_2') });
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(other) });
    await eventually(async () => {
      const n = commands().length + 1;
      await publish(anEvent(100 + n));
      expect(commands().at(-1)?.subscriptionId).toBe('sub_2');
    });
  });

  it('delivers what passes the filter of a subscription, and nothing for an invalid filter', async () => {
    const { bus, publish, commands } = await given(
      aSubscription({ id: subscriptionId('sub_1'), filters: { total: { $gte: 10 } } }),
      aSubscription({ id: subscriptionId('sub_2'), filters: { total: { $nonsense: 10 } } }),
    );
    const { logger } = await start(bus);
    const totals = [5, 10, 15].map((total) =>
      anEvent(total, { data: Buffer.from(JSON.stringify({ total })) }),
    );
    await publish(...totals);
    await eventually(() => expect(commands()).toHaveLength(2));
    expect(commands().map(({ eventId }) => eventId)).toEqual([anEvent(10).id, anEvent(15).id]);
    expect(logger.lines.map(({ event }) => event)).toContain('filter.not-compiled');
    const lines = logger.lines.filter(({ event }) => event === 'event.fanned-out');
    expect(lines[0]?.fields).toMatchObject({ matched: 0, filterFailures: 1 });
  });

  it('serves its health and its metrics', async () => {
    const { bus, publish, commands } = await given(aSubscription({ state: 'disabled' }));
    const { url } = await start(bus);
    await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
    await publish(anEvent(1));
    await eventually(() => expect(commands()).toHaveLength(1));
    await eventually(async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain(
        'tidings_fanout_deliveries_requested_total{subscription="disabled",service="fanout"} 1',
      );
      expect(text).toContain('tidings_fanout_remembered_events{service="fanout"} 1');
    });
  });
});

const offsetOf = ({ deadLetter }: ReturnType<typeof decodeDeadLetter>): number =>
  deadLetter.type === 'RecordPoisoned.v1' ? Number(deadLetter.origin.offset) : -1;

import {
  type BreakerOpened,
  consumerId,
  encodeBreakerClosed,
  encodeBreakerOpened,
  encodeDelivery,
  ladder,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommandState } from '../../test/dead-letters/dead-letter-builders.ts';
import { BreakerFollower } from './breaker-follower.ts';
import { believedMs, breakersOf, openBreakers } from './domain/open-breakers.ts';
import { hopsOf } from './domain/pipeline.ts';
import { cachedMs, createSystemReader, type SystemParts } from './read-system.ts';

const start = async (over: Partial<SystemParts> = {}) => {
  const bus = createMemoryBus();
  const clock = fakeClock();
  const breakers = new BreakerFollower(bus, clock);
  onTestFinished(async () => {
    await breakers.close();
    await bus.close();
  });
  let counts = 0;
  const deadLetters = {
    countWaiting: async () => {
      counts += 1;
      return [];
    },
  };
  const jobs = { countOpen: async () => [{ kind: 'redrive', state: 'running', count: 2 } as const] };
  const parts = { bus, breakers, deadLetters, jobs, clock, hops: hopsOf('tidings-history'), ...over };
  const producer = await bus.producer();
  const open = async (id: string, rest: Partial<BreakerOpened> = {}) => {
    const opened: BreakerOpened = {
      ...{ type: 'BreakerOpened.v1', subscriptionId: subscriptionId(id), workspaceId: workspaceId('ws_1') },
      ...{ consumerId: null, sinceMs: clock.nowMs(), probeAtMs: clock.nowMs() + 10_000, atMs: clock.nowMs() },
      ...rest,
    };
    await producer.publish({ topic: topics.breakers, ...encodeBreakerOpened(opened) });
  };
  return { bus, clock, breakers, producer, open, read: createSystemReader(parts), counts: () => counts };
};

describe('the state of the system', () => {
  it('shows what each group has not finished, and the oldest event that is not delivered', async () => {
    const { bus, producer, read } = await start();
    const [rung] = ladder;
    if (rung === undefined) throw new Error('there is no retry topic');
    const state = { ...aCommandState(1), acceptedAtMs: 1_000 };
    const command = encodeDelivery({ state, body: Buffer.from('{}'), traceparent: null });
    await producer.publish({ topic: rung.topic, ...command });
    await producer.publish({ topic: topics.events, key: 'a', value: Buffer.from('{}') });
    await producer.publish({ topic: topics.events, key: 'a', value: Buffer.from('{}') });
    const { partition } = bus.records(topics.events)[0] ?? { partition: -1 };
    bus.commits('tidings-fanout').set(`${topics.events.name} ${partition}`, 1);
    const { hops, retries, oldestAcceptedAtMs, jobs, errors } = await read();
    expect(errors).toEqual([]);
    expect(hops?.map(({ hop, records }) => [hop.name, records])).toEqual([
      ['fanout', 1],
      ['delivery', 0],
      ['events', 2],
      ['history', 0],
      ['dead-letters', 0],
      ['endpoint-health', 0],
    ]);
    expect(hops?.[0]?.oldestAtMs).toBe(bus.records(topics.events)[1]?.timestampMs);
    expect(retries?.[0]).toMatchObject({ records: 1, hop: { topic: rung.topic } });
    expect(oldestAcceptedAtMs).toBe(1_000);
    expect(jobs).toEqual([{ kind: 'redrive', state: 'running', count: 2 }]);
  });

  it('shows breakers until they close, or until their process must be dead', async () => {
    const { clock, open, producer, read } = await start();
    await open('sub_a');
    await open('sub_b', { sinceMs: clock.nowMs() - 60_000 });
    await open('sub_c');
    await producer.publish({ topic: topics.breakers, ...encodeBreakerClosed(subscriptionId('sub_c')) });
    const states = async () =>
      (await read()).breakers?.map(({ subscriptionId: id, state }) => `${id} ${state}`);
    expect(await states()).toEqual(['sub_b open', 'sub_a open']);
    await clock.advance(10_000);
    await open('sub_b', { sinceMs: clock.nowMs() - 70_000 });
    expect(await states()).toEqual(['sub_b open', 'sub_a half-open']);
    await clock.advance(believedMs);
    expect(await states()).toEqual(['sub_b half-open']);
    await clock.advance(10_000);
    expect(await states()).toEqual([]);
  });

  it('is read once for all who ask within two seconds', async () => {
    const { clock, read, counts } = await start();
    await Promise.all([read(), read()]);
    await clock.advance(cachedMs - 1);
    await read();
    expect(counts()).toBe(1);
    await clock.advance(1);
    await read();
    expect(counts()).toBe(2);
  });

  it('leaves out what fails or does not respond in time, and says so', async () => {
    const unavailable = new AppError({ code: 'unavailable', message: 'the brokers did not respond' });
    const bus = { lag: async () => Promise.reject(unavailable), readRecords: async () => [] };
    const never = { read: async () => new Promise<never>(() => {}) };
    const { clock, read } = await start({ bus, breakers: never });
    const reading = read();
    await clock.advance(3_000);
    const { hops, retries, breakers, jobs, errors } = await reading;
    expect([hops, retries, breakers]).toEqual([null, null, null]);
    expect(jobs).toHaveLength(1);
    expect(errors.map(({ part }) => part).toSorted()).toEqual(['breakers', 'hops', 'retries']);
  });

  it('follows the breakers only while somebody looks', async () => {
    const { clock, open, read, bus, breakers } = await start();
    await open('sub_a');
    await read();
    const timers = clock.pendingTimers;
    await clock.advance(61_000);
    expect(clock.pendingTimers).toBe(timers - 1);
    await open('sub_b');
    expect((await breakers.read()).length).toBe(2);
    expect(bus.records(topics.breakers)).toHaveLength(2);
  });
});

describe('the breakers of a caller', () => {
  it('are those of its workspace, and of its consumer if it is limited to one', async () => {
    const { breakers, clock, open } = await start();
    const acme = { consumerId: consumerId('acme') };
    await open('sub_acme', acme);
    await open('sub_globex', { consumerId: consumerId('globex') });
    await open('sub_own');
    await open('sub_foreign', { ...acme, workspaceId: workspaceId('ws_2') });
    const all = openBreakers(await breakers.read(), clock.nowMs());
    const idsOf = (ownerId: string | null) =>
      breakersOf(all, {
        workspaceId: workspaceId('ws_1'),
        ownerId: ownerId === null ? null : consumerId(ownerId),
      })
        .map(({ subscriptionId: id }) => id)
        .toSorted();
    expect(idsOf(null)).toEqual(['sub_acme', 'sub_globex', 'sub_own']);
    expect(idsOf('acme')).toEqual(['sub_acme']);
    expect(idsOf('nobody')).toEqual([]);
  });
});

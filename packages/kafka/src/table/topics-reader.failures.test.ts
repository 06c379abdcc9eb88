import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { noMetrics } from '../metrics.ts';
import { FakeBrokers, Seen } from './fake-brokers.ts';
import { TopicsReader } from './topics-reader.ts';

const endpoint = { brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger };
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('TopicsReader with a part of the brokers', () => {
  let clock: FakeClock;
  let brokers: FakeBrokers;
  let reader: TopicsReader;
  const follow = (topic: string): Seen => {
    const seen = new Seen();
    reader.add(topic, seen);
    return seen;
  };
  const ageMs = (topic: string): number => clock.monotonicMs() - reader.lastContactMs(topic);

  beforeEach(() => {
    clock = fakeClock();
    brokers = new FakeBrokers(clock);
    reader = new TopicsReader({ endpoint, clock, metrics: noMetrics, open: brokers.open });
  });

  it('starts while a partition has no leader: reads every other one, and that one when it has a leader', async () => {
    brokers.create('a', ['1', undefined]);
    brokers.create('b');
    brokers.append('a', 2);
    brokers.append('a', 2, 1);
    brokers.append('b', 2);
    const [a, b] = [follow('a'), follow('b')];
    await clock.advance(1_000);
    expect([a.offsets.get(0), a.offsets.get(1), b.offsets.get(0)]).toEqual([[0, 1], undefined, [0, 1]]);
    expect(a.partitions.toSorted()).toEqual([0, 1]);
    brokers.log('a', 1).leader = '1';
    await clock.advance(2_000);
    expect([a.offsets.get(1), brokers.connections]).toEqual([[0, 1], 1]);
  });

  it('goes on with every other partition when one loses its leader, and tells its topic from those', async () => {
    brokers.create('a', ['1', '2']);
    brokers.create('b', ['1', '2']);
    const [a, b] = [follow('a'), follow('b')];
    await clock.advance(1_000);
    brokers.log('a', 1).leader = undefined;
    brokers.wake();
    await clock.advance(40_000);
    for (const partition of [0, 1]) brokers.append('b', 1, partition);
    brokers.append('a', 1);
    await clock.advance(1_000);
    expect([a.offsets.get(0), b.offsets.get(0), b.offsets.get(1)]).toEqual([[0], [0], [0]]);
    expect([ageMs('a') > 30_000, ageMs('b') > 30_000, brokers.connections]).toEqual([true, false, 1]);
  });

  it('fetches a partition that fails in requests of its own, ever less often, until one succeeds', async () => {
    brokers.create('a', ['1', '1']);
    brokers.create('b');
    Object.assign(brokers.log('a', 1), { error: 'KAFKA_STORAGE_ERROR' });
    const [a, b] = [follow('a'), follow('b')];
    await clock.advance(60_000);
    brokers.append('a', 1);
    brokers.append('a', 3, 1);
    brokers.append('b', 1);
    await clock.advance(1_000);
    expect([a.offsets.get(0), b.offsets.get(0)]).toEqual([[0], [0]]);
    expect([ageMs('a') > 30_000, ageMs('b') > 30_000, brokers.connections]).toEqual([true, false, 1]);
    const fetches = (): number =>
      brokers.plans.filter(({ positions }) =>
        positions.some((one) => one.topic === 'a' && one.partition === 1),
      ).length;
    const before = fetches();
    await clock.advance(60_000);
    expect(fetches() - before).toBeLessThan(15);
    expect(brokers.plans.filter(({ positions }) => positions.length === 3)).toHaveLength(1);
    brokers.log('a', 1).error = undefined;
    await clock.advance(20_000);
    expect([a.offsets.get(1), ageMs('a') > 20_000]).toEqual([upTo(3), false]);
    expect(brokers.plans.at(-1)?.positions).toHaveLength(3);
  });

  it('has no contact with the topics of a leader that does not answer, nor with a topic that was deleted', async () => {
    brokers.create('a', ['1']);
    brokers.create('b', ['2']);
    brokers.create('c', ['3']);
    for (const topic of ['a', 'b', 'c']) follow(topic);
    await clock.advance(1_000);
    brokers.lostLeader = '2';
    brokers.logs.delete('c');
    brokers.wake();
    await clock.advance(60_000);
    expect(['a', 'b', 'c'].map((topic) => ageMs(topic) > 30_000)).toEqual([false, true, true]);
  });

  it('leaves the fetches under way while a topic is missing, and ends them when it is there', async () => {
    brokers.create('a', ['1', '2']);
    const missing = follow('missing');
    follow('a');
    await clock.advance(1_000);
    const before = brokers.ended;
    await clock.advance(20_000);
    expect(brokers.ended - before).toBe(0);
    brokers.create('missing');
    brokers.append('missing', 1);
    await clock.advance(2_000);
    expect([brokers.ended - before, missing.offsets.get(0)]).toEqual([1, [0]]);
  });

  it('passes the emptied end of a log beside one whose records never end', async () => {
    for (const topic of ['a', 'b']) brokers.create(topic);
    Object.assign(brokers.log('a'), { end: 9, offsets: [0] });
    const a = follow('a');
    const b = follow('b');
    for (let n = 0; n < 80; n += 1) {
      brokers.append('b', 3);
      await clock.advance(100);
      if (n === 40) expect(a.reached.get(0)).toBe(1);
    }
    expect([a.offsets.get(0), a.reached.get(0)]).toEqual([[0], 9]);
    await clock.advance(10_000);
    expect(b.offsets.get(0)).toEqual(upTo(240));
  });
});

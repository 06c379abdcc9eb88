import { createMetrics, silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { kafkaMetrics } from '../metrics.ts';
import { FakeBrokers, Seen } from './fake-brokers.ts';
import { TopicsReader } from './topics-reader.ts';

const endpoint = { brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger };
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('TopicsReader', () => {
  let clock: FakeClock;
  let brokers: FakeBrokers;
  let reader: TopicsReader;
  let text: () => Promise<string>;
  /** Returns what the metric shows of the topic `a`, in seconds. */
  const silence = async (): Promise<number> =>
    Number(/^tidings_kafka_table_silence_seconds\{topic="a".*\} (\S+)$/m.exec(await text())?.[1]);
  const follow = (topic: string): Seen => {
    const seen = new Seen();
    reader.add(topic, seen);
    return seen;
  };

  beforeEach(() => {
    clock = fakeClock();
    brokers = new FakeBrokers(clock);
    const metrics = createMetrics(kafkaMetrics, { service: 'test', nodeMetrics: false });
    reader = new TopicsReader({ endpoint, clock, metrics: metrics.handles, open: brokers.open });
    text = metrics.text;
  });

  it('reads all topics from their beginning with one connection, and waits in one fetch when it has them', async () => {
    for (const topic of ['a', 'b']) brokers.create(topic);
    brokers.append('a', 5);
    const [a, b] = [follow('a'), follow('b')];
    await clock.advance(1_000);
    expect([a.offsets.get(0), a.reached.get(0), b.reached.get(0)]).toEqual([upTo(5), 5, 0]);
    const before = brokers.plans.length;
    await clock.advance(30_000);
    expect([brokers.connections, brokers.plans.length - before]).toEqual([1, 3]);
    expect(brokers.plans.at(-1)?.positions).toHaveLength(2);
    brokers.append('b', 1);
    await clock.advance(0);
    expect(b.offsets.get(0)).toEqual([0]);
  });

  it('gives a follower that is added later every record in order, and the others none twice', async () => {
    brokers.create('a');
    brokers.append('a', 5);
    const first = follow('a');
    await clock.advance(1_000);
    const second = follow('a');
    // The fetch under way brings it when it is ended, from a position that the second one has not reached.
    brokers.log('a').offsets.push(5);
    brokers.log('a').end = 6;
    await clock.advance(1_000);
    expect([first.offsets.get(0), second.offsets.get(0)]).toEqual([upTo(6), upTo(6)]);
  });

  it('hears from every partition although leaders move again and again, which ends fetches of others', async () => {
    brokers.create('a');
    brokers.create('moving', ['2', undefined]);
    for (const topic of ['a', 'moving']) follow(topic);
    const silences: number[] = [];
    for (const leader of ['3', '2', '3', '2', '3']) {
      await clock.advance(8_000);
      brokers.log('moving').leader = leader;
      silences.push(await silence());
    }
    expect(brokers.ended).toBeGreaterThan(3);
    expect(Math.max(...silences)).toBeLessThan(10);
  });

  it('reads the other topics while one is missing, and that one when it is there', async () => {
    brokers.create('a');
    brokers.append('a', 1);
    const [missing, a] = [follow('missing'), follow('a')];
    await clock.advance(1_000);
    expect([a.offsets.get(0), brokers.connections]).toEqual([[0], 1]);
    brokers.create('missing');
    brokers.append('missing', 3);
    await clock.advance(2_000);
    expect(missing.offsets.get(0)).toEqual(upTo(3));
  });

  it('notices a partition that was added, and a leader that has moved, without losing or repeating a record', async () => {
    brokers.create('a', ['1', '2']);
    brokers.append('a', 1, 1);
    const a = follow('a');
    await clock.advance(1_000);
    brokers.logs.get('a')?.push({ leader: '3', low: 0, end: 1, offsets: [0] });
    brokers.log('a', 1).leader = '3';
    brokers.append('a', 1, 1);
    await clock.advance(20_000);
    expect([a.offsets.get(1), a.offsets.get(2)]).toEqual([[0, 1], [0]]);
    const leaders = brokers.plans.slice(-2).map(({ leader, positions }) => [leader, positions.length]);
    expect(leaders.sort()).toEqual([
      ['1', 1],
      ['3', 2],
    ]);
  });

  it('asks a leader for the end of a log until it knows it: first, after a change and after a failure', async () => {
    brokers.create('a');
    follow('a');
    const questions = (): number =>
      brokers.plans.filter(({ positions }) => positions.some(({ isEndKnown }) => !isEndKnown)).length;
    await clock.advance(30_000);
    expect(questions()).toBe(1);
    brokers.log('a').leader = '2';
    brokers.wake();
    await clock.advance(30_000);
    expect([questions(), brokers.plans.at(-1)?.leader]).toEqual([2, '2']);
    brokers.lostLeader = '2';
    brokers.wake();
    await clock.advance(1_000);
    brokers.lostLeader = undefined;
    const before = questions();
    await clock.advance(30_000);
    expect(questions() - before).toBe(1);
  });

  it('starts at the first offset that the log has, and again when the topic was created anew', async () => {
    brokers.create('a');
    Object.assign(brokers.log('a'), { low: 3, end: 5, offsets: [3, 4] });
    const a = follow('a');
    await clock.advance(1_000);
    expect([a.offsets.get(0), a.reached.get(0)]).toEqual([[3, 4], 5]);
    Object.assign(brokers.log('a'), { low: 0, end: 1, offsets: [0] });
    brokers.wake();
    await clock.advance(20_000);
    expect(a.reached.get(0)).toBe(1);
  });

  it('counts the end of a log that compaction has emptied as reached after five seconds', async () => {
    brokers.create('a');
    Object.assign(brokers.log('a'), { end: 9, offsets: [0] });
    const a = follow('a');
    await clock.advance(4_900);
    expect(a.reached.get(0)).toBe(1);
    await clock.advance(1_000);
    expect(a.reached.get(0)).toBe(9);
    const before = brokers.plans.length;
    await clock.advance(30_000);
    expect(brokers.plans.length - before).toBeLessThan(5);
  });

  it('has no contact while the brokers are away, and goes on with a new connection', async () => {
    brokers.create('a');
    const a = follow('a');
    await clock.advance(1_000);
    brokers.isAway = true;
    brokers.wake();
    await clock.advance(40_000);
    expect(clock.monotonicMs() - reader.lastContactMs('a')).toBeGreaterThan(30_000);
    expect(await silence()).toBeGreaterThan(30);
    brokers.isAway = false;
    brokers.append('a', 2);
    await clock.advance(3_000);
    expect(a.offsets.get(0)).toEqual([0, 1]);
    expect(clock.monotonicMs() - reader.lastContactMs('a')).toBeLessThan(3_000);
    expect(await silence()).toBeLessThan(3);
    expect(brokers.connections - brokers.closed).toBe(1);
  });

  it('closes the connection after the last follower, and opens another for the next one', async () => {
    brokers.create('a');
    const first = follow('a');
    await clock.advance(1_000);
    await reader.remove('a', first);
    await clock.advance(60_000);
    expect([brokers.closed, clock.pendingTimers]).toEqual([1, 0]);
    brokers.append('a', 1);
    const second = follow('a');
    await clock.advance(1_000);
    expect(second.offsets.get(0)).toEqual([0]);
    await reader.remove('a', second);
  });
});

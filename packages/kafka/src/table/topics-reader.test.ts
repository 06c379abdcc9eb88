import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { KafkaJSProtocolError } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LogMessage } from '../client/cluster.ts';
import type { FetchedPartition, FetchPlan, FetchPosition } from '../client/topics-connection.ts';
import { noMetrics } from '../metrics.ts';
import type { TopicFollower } from './topic-cursors.ts';
import { TopicsReader, type TopicsReaderOptions } from './topics-reader.ts';

type Connection = ReturnType<NonNullable<TopicsReaderOptions['open']>>;

const errorOf = (type: string, place: object = {}): Error =>
  Object.assign(new KafkaJSProtocolError(new Error(type)), { type, ...place });

/** A partition: its records' offsets, and where its log begins and ends. */
type Log = { leader: string; low: number; end: number; offsets: number[] };

const message = (offset: number): LogMessage =>
  ({ offset: String(offset), key: null, value: null, headers: {}, timestamp: '1' }) as unknown as LogMessage;

/** Brokers as the reader sees them; a fetch that may wait ends when a record is appended, or after ten seconds. */
class FakeBrokers {
  readonly logs = new Map<string, Log[]>();
  readonly plans: (FetchPlan & { leader: string })[] = [];
  readonly clock: FakeClock;
  readonly #waiting = new Set<() => void>();
  /** Thrown by the next fetches, one each. */
  failures: Error[] = [];
  isAway = false;
  connections = 0;
  closed = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  create(topic: string, leaders: readonly string[] = ['1']): void {
    this.logs.set(
      topic,
      leaders.map((leader) => ({ leader, low: 0, end: 0, offsets: [] })),
    );
  }

  log(topic: string, partition = 0): Log {
    return this.logs.get(topic)?.[partition] as Log;
  }

  append(topic: string, count: number, partition = 0): void {
    const log = this.log(topic, partition);
    for (let n = 0; n < count; n += 1) log.offsets.push(log.end++);
    this.wake();
  }

  wake(): void {
    for (const end of [...this.#waiting]) end();
  }

  open = (): Connection => {
    this.connections += 1;
    const known = new Set<string>();
    return {
      connect: async () => {
        if (this.isAway) throw new Error('away');
      },
      learn: async (topics) => {
        if (this.isAway) throw new Error('away');
        if (topics.some((topic) => !this.logs.has(topic))) throw errorOf('UNKNOWN_TOPIC_OR_PARTITION');
        for (const topic of topics) known.add(topic);
      },
      refresh: async () => {
        if (this.isAway) throw new Error('away');
      },
      leadersOf: (topic) => new Map((this.logs.get(topic) ?? []).map(({ leader }, n) => [n, leader])),
      rangeOf: async (topic, partition) => {
        const { low, end } = this.log(topic, partition);
        return { low, high: end };
      },
      fetch: async (leader, plan) => this.#fetch(leader, plan()),
      endFetches: () => this.wake(),
      close: async () => {
        this.closed += 1;
        this.wake();
      },
    };
  };

  async #fetch(leader: string, plan: FetchPlan): Promise<FetchedPartition[]> {
    this.plans.push({ ...plan, leader });
    const failure = this.isAway ? new Error('away') : this.failures.shift();
    if (failure !== undefined) throw failure;
    for (const { topic, partition, offset } of plan.positions) {
      const { low, end } = this.log(topic, partition);
      if (offset < low || offset > end) throw errorOf('OFFSET_OUT_OF_RANGE', { topic, partition });
    }
    const hasRecords = plan.positions.some((position) => this.#read(position).messages.length > 0);
    if (plan.canWait && !hasRecords) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          this.#waiting.delete(end);
          resolve();
        };
        const cancel = this.clock.setTimer(end, 10_000);
        this.#waiting.add(end);
      });
    }
    return plan.positions.map((position) => this.#read(position));
  }

  /** Returns two records at most, as a size limit would. */
  #read(position: FetchPosition): FetchedPartition {
    const { end, offsets } = this.log(position.topic, position.partition);
    const found = offsets.filter((offset) => offset >= position.offset).slice(0, 2);
    const last = found.at(-1);
    return {
      ...position,
      messages: found.map(message),
      nextOffset: last === undefined ? position.offset : last + 1,
      end,
    };
  }
}

/** A follower that keeps the offsets it has seen, each once, as a table does. */
class Seen implements TopicFollower {
  readonly offsets = new Map<number, number[]>();
  readonly reached = new Map<number, number>();
  readonly #next = new Map<number, number>();

  nextOffset(partition: number): number {
    return this.#next.get(partition) ?? 0;
  }

  onBatch({ partition, messages }: Parameters<TopicFollower['onBatch']>[0]): void {
    const seen = this.offsets.get(partition) ?? [];
    const next = this.nextOffset(partition);
    seen.push(...messages.map(({ offset }) => Number(offset)).filter((offset) => offset >= next));
    this.offsets.set(partition, seen);
  }

  onReached(partition: number, offset: number): void {
    this.reached.set(partition, offset);
    this.#next.set(partition, Math.max(offset, this.nextOffset(partition)));
  }
}

const endpoint = { brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger };
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('TopicsReader', () => {
  let clock: FakeClock;
  let brokers: FakeBrokers;
  let reader: TopicsReader;
  const follow = (topic: string): Seen => {
    const seen = new Seen();
    reader.add(topic, seen);
    return seen;
  };

  beforeEach(() => {
    clock = fakeClock();
    brokers = new FakeBrokers(clock);
    reader = new TopicsReader({ endpoint, clock, metrics: noMetrics, open: brokers.open });
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
    brokers.failures = [errorOf('NOT_LEADER_FOR_PARTITION')];
    brokers.append('a', 1, 1);
    await clock.advance(20_000);
    expect([a.offsets.get(1), a.offsets.get(2)]).toEqual([[0, 1], [0]]);
    const leaders = brokers.plans.slice(-2).map(({ leader, positions }) => [leader, positions.length]);
    expect(leaders.sort()).toEqual([
      ['1', 1],
      ['3', 2],
    ]);
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
    expect(clock.monotonicMs() - reader.lastContactMs).toBeGreaterThan(30_000);
    brokers.isAway = false;
    brokers.append('a', 2);
    await clock.advance(3_000);
    expect(a.offsets.get(0)).toEqual([0, 1]);
    expect(clock.monotonicMs() - reader.lastContactMs).toBeLessThan(3_000);
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

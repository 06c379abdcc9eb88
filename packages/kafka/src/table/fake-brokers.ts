import type { FakeClock } from '@tidings/runtime/testing';
import { KafkaJSProtocolError } from 'kafkajs';
import type { LogMessage } from '../client/cluster.ts';
import type {
  FailedPartition,
  FetchedPartition,
  FetchPlan,
  FetchPosition,
  PlannedPosition,
} from '../client/topics-connection.ts';
import type { TopicFollower } from './topic-cursors.ts';
import type { TopicsReaderOptions } from './topics-reader.ts';

type Connection = ReturnType<NonNullable<TopicsReaderOptions['open']>>;

const errorOf = (type: string): Error => Object.assign(new KafkaJSProtocolError(new Error(type)), { type });

/** A partition: its records' offsets, where its log begins and ends, and the error with which fetches of it end. */
type Log = {
  leader: string | undefined;
  low: number;
  end: number;
  offsets: number[];
  error?: string | undefined;
  /** The end that a new leader answers to fetches until its followers have fetched from it; it cannot tell the real one. */
  laggingEnd?: number | undefined;
  /** Default: records have neither key nor value. */
  record?: (offset: number) => Readonly<{ key: string; value: string }>;
};

const message = (offset: number, { key, value }: Readonly<{ key?: string; value?: string }>): LogMessage =>
  ({
    offset: String(offset),
    key: key === undefined ? null : Buffer.from(key),
    value: value === undefined ? null : Buffer.from(value),
    headers: {},
    timestamp: '1',
  }) as unknown as LogMessage;

/** Brokers as the reader sees them; a fetch that may wait ends when a record is appended, or after ten seconds. */
export class FakeBrokers {
  readonly logs = new Map<string, Log[]>();
  readonly plans: (FetchPlan & { leader: string })[] = [];
  readonly clock: FakeClock;
  /** The answer to each fetch that waits, with what ends it without one. */
  readonly #waiting = new Map<() => void, () => void>();
  isAway = false;
  /** A leader that does not answer; the others do. */
  lostLeader: string | undefined;
  /** Called before the range of a partition is returned. */
  onRange: () => void = () => {};
  connections = 0;
  /** Counts the fetches that were ended before their time. */
  ended = 0;
  closed = 0;
  #learnt = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  create(topic: string, leaders: readonly (string | undefined)[] = ['1']): void {
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
    for (const end of [...this.#waiting.keys()]) end();
  }

  open = (): Connection => {
    this.connections += 1;
    const learnt = new Map<string, ReadonlyMap<number, string | undefined>>();
    return {
      connect: async () => {
        if (this.isAway) throw new Error('away');
      },
      learn: async (topics) => {
        if (this.isAway) throw new Error('away');
        this.#learnt += 1;
        for (const topic of topics) {
          const leaders = (this.logs.get(topic) ?? []).map(({ leader }, n) => [n, leader] as const);
          // Brokers name the partitions in any order.
          learnt.set(topic, new Map(this.#learnt % 2 === 0 ? leaders : leaders.reverse()));
        }
      },
      partitionsOf: (topic) => learnt.get(topic) ?? new Map(),
      problemOf: (topic) => {
        const leaders = [...(learnt.get(topic)?.values() ?? [])];
        if (leaders.length === 0) return 'UNKNOWN_TOPIC_OR_PARTITION';
        return leaders.includes(undefined) ? 'LEADER_NOT_AVAILABLE' : undefined;
      },
      rangeOf: async (topic, partition) => {
        this.onRange();
        const { low, end } = this.log(topic, partition);
        return { low, high: end };
      },
      fetch: async (leader, plan) => this.#fetch(leader, plan()),
      endFetches: () => {
        this.ended += 1;
        for (const abandon of [...this.#waiting.values()]) abandon();
      },
      close: async () => {
        this.closed += 1;
        this.wake();
      },
    };
  };

  async #fetch(leader: string, plan: FetchPlan): Promise<(FetchedPartition | FailedPartition)[]> {
    this.plans.push({ ...plan, leader });
    const isLost = this.isAway || this.lostLeader === leader;
    if (isLost) throw new Error('away');
    const hasAnswer = plan.positions.some(
      (position) => this.#errorOf(leader, position) !== undefined || this.#read(position).messages.length > 0,
    );
    if (plan.maxWaitMs > 0 && !hasAnswer) {
      const isAnswered = await new Promise<boolean>((resolve) => {
        const end = (isAnswer: boolean): void => {
          cancel();
          this.#waiting.delete(answer);
          resolve(isAnswer);
        };
        const answer = (): void => end(true);
        const cancel = this.clock.setTimer(answer, Math.min(plan.maxWaitMs, 10_000));
        this.#waiting.set(answer, () => end(false));
      });
      if (!isAnswered) return [];
    }
    return plan.positions.map((position) => {
      const type = this.#errorOf(leader, position);
      return type === undefined ? this.#read(position) : { ...position, error: errorOf(type) };
    });
  }

  #errorOf(leader: string, { topic, partition, offset }: FetchPosition): string | undefined {
    const log = this.logs.get(topic)?.[partition];
    if (log === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION';
    if (log.leader !== leader) return 'NOT_LEADER_FOR_PARTITION';
    return offset < log.low || offset > log.end ? 'OFFSET_OUT_OF_RANGE' : log.error;
  }

  /** Returns two records at most, as a size limit would. */
  #read(position: PlannedPosition): FetchedPartition {
    const { end, laggingEnd, offsets, record } = this.log(position.topic, position.partition);
    const found = offsets
      .filter((offset) => offset >= position.offset && offset < (laggingEnd ?? end))
      .slice(0, 2);
    const last = found.at(-1);
    return {
      ...position,
      messages: found.map((offset) => message(offset, record?.(offset) ?? {})),
      nextOffset: last === undefined ? position.offset : last + 1,
      end: laggingEnd === undefined || position.isEndKnown ? (laggingEnd ?? end) : undefined,
    };
  }
}

/** A follower that keeps the offsets it has seen, each once, as a table does. */
export class Seen implements TopicFollower {
  readonly offsets = new Map<number, number[]>();
  readonly reached = new Map<number, number>();
  partitions: readonly number[] = [];
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

  onPartitions(partitions: readonly number[]): void {
    this.partitions = partitions;
  }

  onRestarted(partition: number): void {
    this.offsets.set(partition, []);
    this.#next.delete(partition);
  }

  onReached(partition: number, offset: number): void {
    this.reached.set(partition, offset);
    this.#next.set(partition, Math.max(offset, this.nextOffset(partition)));
  }
}

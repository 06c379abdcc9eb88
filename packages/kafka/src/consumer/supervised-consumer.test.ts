import { silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import type { Consumer, ConsumerRunConfig } from 'kafkajs';
import { beforeEach, describe, expect, it } from 'vitest';
import { noMetrics } from '../metrics.ts';
import { SupervisedConsumer } from './supervised-consumer.ts';

type Listener = (event: { readonly payload: object }) => void;

/** The used part of kafkajs's consumer, with events that the test emits. */
class FakeConsumer {
  readonly events = {
    CRASH: 'crash',
    HEARTBEAT: 'heartbeat',
    FETCH: 'fetch',
    REBALANCING: 'rebalancing',
    END_BATCH_PROCESS: 'end',
    GROUP_JOIN: 'join',
  };
  readonly listeners = new Map<string, Listener>();
  runConfig: ConsumerRunConfig | undefined;
  isDisconnected = false;
  connectError: Error | undefined;

  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener);
  }

  emit(name: string, payload: object = {}): void {
    this.listeners.get(name)?.({ payload });
  }

  async connect(): Promise<void> {
    if (this.connectError !== undefined) throw this.connectError;
  }

  async subscribe(): Promise<void> {}

  /** Ends when the consumer has joined. */
  joined: Promise<void> = Promise.resolve();

  async run(config: ConsumerRunConfig): Promise<void> {
    this.runConfig = config;
    await this.joined;
  }

  async disconnect(): Promise<void> {
    this.isDisconnected = true;
  }

  join(memberId = 'member'): void {
    this.emit('join', { memberId, memberAssignment: { work: [0] } });
  }

  async batch(): Promise<void> {
    await this.runConfig?.eachBatch?.({ isRunning: () => true } as never);
  }
}

describe('SupervisedConsumer', () => {
  let clock: FakeClock;
  let made: FakeConsumer[];
  let batches: number;
  let lost: number;
  let onBatch: () => void;
  let connectError: Error | undefined;
  let joined: Promise<void>;
  let supervised: SupervisedConsumer;
  beforeEach(async () => {
    clock = fakeClock();
    made = [];
    batches = 0;
    lost = 0;
    connectError = undefined;
    joined = Promise.resolve();
    onBatch = () => {
      batches += 1;
    };
    supervised = new SupervisedConsumer({
      endpoint: { brokers: [], clientId: 'test', logger: silentLogger },
      group: 'g',
      topics: ['work'],
      clock,
      metrics: noMetrics,
      events: {
        onJoined: () => {},
        onBatch: () => onBatch(),
        onLost: () => {
          lost += 1;
        },
      },
      createConsumer: () => {
        const consumer = new FakeConsumer();
        consumer.connectError = connectError;
        consumer.joined = joined;
        made.push(consumer);
        return consumer as unknown as Consumer;
      },
    });
    supervised.start();
    await clock.advance(0);
  });

  it('is running once it has joined', async () => {
    expect(supervised.state).toBe('starting');
    made[0]?.join();
    expect(supervised.state).toBe('running');
    await made[0]?.batch();
    expect(batches).toBe(1);
  });

  it('replaces a crashed consumer by one with another client', async () => {
    made[0]?.join();
    made[0]?.emit('crash', { error: new TypeError('in kafkajs'), restart: false });
    expect(supervised.state).toBe('restarting');
    expect(lost).toBe(1);
    await clock.advance(250);
    expect(made).toHaveLength(2);
    expect(made[0]?.isDisconnected).toBe(true);
    made[1]?.join();
    expect(supervised.state).toBe('running');
  });

  it('retries with growing delays while the brokers are unavailable', async () => {
    connectError = new Error('refused');
    made[0]?.emit('crash', { error: new Error('gone') });
    await clock.advance(120_000);
    const tries = made.length;
    expect(tries).toBeGreaterThan(20);
    expect(tries).toBeLessThan(60);
    connectError = undefined;
    await clock.advance(15_000);
    made.at(-1)?.join();
    expect(supervised.state).toBe('running');
  });

  it('replaces a consumer whose fetch loop is silent', async () => {
    made[0]?.join();
    for (let second = 0; second < 60; second += 1) {
      made[0]?.emit('fetch');
      await clock.advance(1_000);
    }
    expect(made).toHaveLength(1);
    await clock.advance(35_000);
    expect(made).toHaveLength(2);
  });

  it('restarts after a defect in a handler, without throwing into kafkajs', async () => {
    made[0]?.join();
    onBatch = () => {
      throw new RangeError('defect');
    };
    await made[0]?.batch();
    expect(supervised.state).toBe('restarting');
  });

  it('passes no records on while the group may have removed it', async () => {
    made[0]?.join();
    await clock.advance(6_001);
    const fenced = made[0]?.batch();
    await clock.advance(250);
    await fenced;
    expect(batches).toBe(0);
    made[0]?.emit('heartbeat');
    await made[0]?.batch();
    expect(batches).toBe(1);
  });

  it('is a member from a join to the next rebalance, while heartbeats are answered', async () => {
    expect(supervised.isMember).toBe(false);
    made[0]?.join();
    expect(supervised.isMember).toBe(true);
    made[0]?.emit('rebalancing');
    expect(supervised.isMember).toBe(false);
    made[0]?.join();
    expect(supervised.isMember).toBe(true);
    await clock.advance(6_001);
    expect(supervised.isMember).toBe(false);
    made[0]?.emit('heartbeat');
    expect(supervised.isMember).toBe(true);
    supervised.restart('test');
    expect(supervised.isMember).toBe(false);
  });

  it('ignores events of a discarded consumer', async () => {
    const [old] = made;
    old?.join();
    supervised.restart('test');
    await clock.advance(250);
    old?.join();
    await old?.batch();
    expect({ state: supervised.state, batches }).toEqual({ state: 'restarting', batches: 0 });
  });

  it('leaves a group that it is joining once it has joined', async () => {
    let join = (): void => {};
    joined = new Promise((resolve) => {
      join = resolve;
    });
    made[0]?.emit('crash', { error: new Error('gone') });
    await clock.advance(10_000);
    const stopped = supervised.stop();
    await clock.advance(0);
    expect(made.map(({ isDisconnected }) => isDisconnected)).toEqual([true, false]);
    join();
    await stopped;
    expect(made[1]?.isDisconnected).toBe(true);
  });

  it('does not restart after a stop', async () => {
    made[0]?.join();
    await supervised.stop();
    made[0]?.emit('crash', { error: new Error('late') });
    await clock.advance(120_000);
    expect({ state: supervised.state, made: made.length, timers: clock.pendingTimers }).toEqual({
      state: 'stopped',
      made: 1,
      timers: 0,
    });
  });
});

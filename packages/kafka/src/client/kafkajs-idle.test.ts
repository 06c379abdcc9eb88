import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// Tests the parts of patches/kafkajs@2.2.4.patch that keep a client cheap at rest.
const require = createRequire(import.meta.url);

type Entry = Readonly<{
  correlationId: number;
  resolve: (value: unknown) => void;
  reject: (e: Error) => void;
}>;
type Queue = Readonly<{
  push(request: object): void;
  fulfillRequest(response: object): void;
  destroy(): void;
}>;
type Group = Readonly<{
  heartbeat(): Promise<void>;
  fetch(): Promise<readonly unknown[]>;
  abandonFetches(): void;
}>;

const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;
const Runner = require('kafkajs/src/consumer/runner.js') as new (
  options: object,
) => { running: boolean; fetch(nodeId: number): Promise<readonly unknown[]> };

const logger = { namespace: () => logger, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('requests of the patched client', () => {
  const open = () => {
    const queue = new RequestQueue({ requestTimeout: 30, enforceRequestTimeout: true, logger });
    const send = (correlationId: number, requestTimeout?: number): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const entry: Entry = { correlationId, resolve, reject };
        queue.push({ entry, expectResponse: true, requestTimeout, sendRequest: () => {} });
      });
    return { queue, send };
  };

  it('time out each at its own time, a later one with a shorter limit first', async () => {
    const { queue, send } = open();
    const ended: string[] = [];
    const watch = async (name: string, request: Promise<unknown>): Promise<void> => {
      await request.catch((error: Error) => ended.push(`${name}: ${error.name}`));
    };
    await Promise.all([watch('long', send(1, 120)), watch('short', send(2))]);
    expect(ended).toEqual(['short: KafkaJSRequestTimeoutError', 'long: KafkaJSRequestTimeoutError']);
    queue.destroy();
  });

  it('time out after earlier ones were answered', async () => {
    const { queue, send } = open();
    const answered = send(1);
    queue.fulfillRequest({ correlationId: 1, payload: 'ok', size: 2 });
    await answered;
    await expect(send(2)).rejects.toThrow('timed out');
    queue.destroy();
  });
});

describe('ticks of the patched client', () => {
  const { onEachTick, untilTick } = require('kafkajs/src/utils/sharedTicks.js') as {
    onEachTick: (periodMs: number, onTick: () => void) => () => void;
    untilTick: (periodMs: number) => number;
  };

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('reach all consumers of a process in the same moments, until each has ended', () => {
    const ticks: [name: string, atMs: number][] = [];
    const startMs = performance.now();
    const follow = (name: string) => onEachTick(2_000, () => ticks.push([name, performance.now() - startMs]));
    vi.advanceTimersByTime(2_000 - (startMs % 2_000));
    const ends = [follow('first')];
    vi.advanceTimersByTime(700);
    ends.push(follow('second'));
    vi.advanceTimersByTime(1_300);
    const [first, second] = ticks;
    expect(ticks.map(([name]) => name)).toEqual(['first', 'second']);
    expect(second?.[1]).toBe(first?.[1]);
    ends[0]?.();
    vi.advanceTimersByTime(2_000);
    expect(ticks.map(([name]) => name)).toEqual(['first', 'second', 'second']);
    ends[1]?.();
    vi.advanceTimersByTime(10_000);
    expect([ticks.length, vi.getTimerCount()]).toEqual([3, 0]);
  });

  it('are one period more away if they are almost reached, since a timer may fire early', () => {
    vi.advanceTimersByTime(10_000 - (performance.now() % 10_000));
    const atOnce = untilTick(10_000);
    vi.advanceTimersByTime(9_001);
    expect([atOnce, untilTick(10_000)]).toEqual([10_000, 10_999]);
  });
});

describe('a consumer of the patched client whose fetch waits for records', () => {
  /** A group whose fetch ends only when it is abandoned, or by `bring`. */
  const open = (heartbeat: () => Promise<void>) => {
    let bring = (_records: readonly unknown[]): void => {};
    const group: Group = {
      heartbeat,
      fetch: async () =>
        new Promise((resolve) => {
          bring = resolve;
        }),
      abandonFetches: () => bring([]),
    };
    const instrumentationEmitter = { emit: () => {} };
    const runner = new Runner({
      logger,
      consumerGroup: group,
      instrumentationEmitter,
      heartbeatInterval: 5,
      autoCommit: false,
    });
    runner.running = true;
    return { runner, bring: (records: readonly unknown[]) => bring(records) };
  };

  it('sends heartbeats meanwhile', async () => {
    let beats = 0;
    let third = (): void => {};
    const beatenThrice = new Promise<void>((resolve) => {
      third = resolve;
    });
    const { runner, bring } = open(async () => {
      beats += 1;
      if (beats === 3) third();
    });
    const fetching = runner.fetch(1);
    await beatenThrice;
    bring(['record']);
    expect(await fetching).toEqual(['record']);
  });

  it('ends the fetch when a heartbeat reports a rebalance', async () => {
    const rebalance = new Error('The group is rebalancing');
    const { runner } = open(async () => {
      throw rebalance;
    });
    await expect(runner.fetch(1)).rejects.toBe(rebalance);
  });
});

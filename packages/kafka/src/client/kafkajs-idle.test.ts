import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

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

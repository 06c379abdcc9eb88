import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalStack } from './tidings.ts';

/** The data of an event of the load: its number among those of its key, and when it was published. */
export type Numbered = Readonly<{ key: string; number: number; atMs: number }>;

export type KeyedLoadOptions = Readonly<{
  /** The API and the key, read for each event: the address may change under the load. */
  local: Pick<LocalStack, 'url' | 'admin_key'>;
  types: readonly string[];
  keysPerType: number;
  /** Of all keys together. */
  perSecond: number;
}>;

/** A load of events by ordering key, one request for each through the console, until it is stopped. */
export type KeyedLoad = Readonly<{
  /** The number of events that were accepted, by key. */
  accepted: ReadonlyMap<string, number>;
  /** Requests that failed, with their status or error; each is repeated with the same id. */
  failures: readonly string[];
  total(): number;
  stop(): Promise<void>;
}>;

const repeatMs = 100;

/**
 * Publishes the events of each key in order: the next one when the one before it was accepted. Begins at once.
 */
export function startKeyedLoad({ local, types, keysPerType, perSecond }: KeyedLoadOptions): KeyedLoad {
  const keys = types.flatMap((type) =>
    Array.from({ length: keysPerType }, (_, at) => ({ type, key: `${type}-${at}` })),
  );
  const accepted = new Map<string, number>();
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true });
  const run = `${Date.now()}`;
  let isOver = false;

  const post = async (body: string): Promise<string> =>
    new Promise((resolve) => {
      const sent = request(`${local.url}/v1/events`, {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
      });
      sent.on('response', (response) => {
        text(response).then(
          (answer) => resolve(response.statusCode === 202 ? 'ok' : `${response.statusCode} ${answer}`),
          (error: unknown) => resolve(String(error)),
        );
      });
      sent.on('error', (error) => resolve(String(error)));
      sent.end(body);
    });

  const publish = async (type: string, key: string): Promise<void> => {
    const intervalMs = (keys.length / perSecond) * 1_000;
    const beganMs = performance.now() + Math.random() * intervalMs;
    for (let number = 0; !isOver; number += 1) {
      const restMs = beganMs + number * intervalMs - performance.now();
      if (restMs > 0) await delay(restMs);
      const data: Numbered = { key, number, atMs: Date.now() };
      const body = JSON.stringify({ id: `${run}-${key}-${number}`, type, ordering_key: key, data });
      let outcome = await post(body);
      while (outcome !== 'ok') {
        failures.push(`${new Date().toISOString()} ${key} ${number}: ${outcome}`);
        // Whoever stops the load may have stopped what takes its events.
        if (isOver) return;
        await delay(repeatMs);
        outcome = await post(body);
      }
      accepted.set(key, number + 1);
    }
  };

  const publishing = Promise.all(keys.map(async ({ type, key }) => publish(type, key)));
  return {
    accepted,
    failures,
    total: () => [...accepted.values()].reduce((sum, count) => sum + count, 0),
    stop: async () => {
      isOver = true;
      await publishing;
      agent.destroy();
    },
  };
}

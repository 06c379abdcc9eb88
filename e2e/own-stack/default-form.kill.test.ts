import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiOf, publishAll } from '../harness/api.ts';
import { startCollector } from '../harness/collector.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

const events = 3_000;
// They share the core of the endpoint, which must not become a slow one.
const visitors = 16;
const defect = 'a history that throws';

// Each process of the stack throws outside every handler when it gets this signal, as a defect would.
const signal = 'SIGUSR2';
const preload = `process.on('${signal}', () => setImmediate(() => { throw new TypeError('${defect}'); }));`;

let tidings: Tidings;

beforeAll(async () => {
  const nodeOptions = `--import=data:text/javascript,${encodeURIComponent(preload)}`;
  tidings = await startTidings({ env: { NODE_OPTIONS: nodeOptions } });
});
afterAll(async () => {
  await tidings?.stop();
});

/** Requests lists and the page without a pause, by many connections. Returns what ends it: the statuses and their numbers. */
const floodConsole = (url: string, key: string): (() => Promise<ReadonlyMap<number, number>>) => {
  const statuses = new Map<number, number>();
  let isOver = false;
  const visit = async (path: string): Promise<void> => {
    while (!isOver) {
      const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  };
  const paths = [
    '/',
    '/v1/webhooks/deliveries?limit=100',
    '/v1/webhooks/subscriptions',
    '/v1/webhooks/events',
  ];
  const visits = Array.from({ length: visitors }, async (_, n) => visit(paths[n % paths.length] ?? '/'));
  return async () => {
    isOver = true;
    await Promise.all(visits);
    return statuses;
  };
};

/** Waits for a process of the history that has not thrown and is ready: one that starts has no handler yet, and would end without a word. */
const readyHistory = async (thrownIn: readonly number[]): Promise<number> =>
  eventually(
    async () => {
      const { pids, services } = await tidings.local();
      const pid = pids['history'] ?? 0;
      if (thrownIn.includes(pid)) throw new Error(`process ${pid} has not been replaced`);
      const response = await fetch(`${services['history']}/ready`);
      if (response.status !== 200) throw new Error(`/ready is ${response.status}`);
      return pid;
    },
    { timeoutMs: 60_000 },
  );

it('delivers every event while the history throws twice and the console is flooded, and stores them all', async () => {
  const local = await tidings.local();
  const { history = 0, subscription, delivery, console: origin } = local.pids;
  expect([subscription, origin]).toEqual([history, delivery]);
  const api = apiOf(local);
  const collector = await startCollector();
  collector.trust((await api.subscribe(collector.url, ['form.default'])).secret);
  const endFlood = floodConsole(local.url, local.admin_key);
  const thrownIn: number[] = [];
  const publishing = publishAll({
    ...{ local, type: 'form.default', count: events, paceMs: 20 },
    onProgress: async (count) => {
      if (thrownIn.length === 2 || count < (events / 3) * (thrownIn.length + 1)) return;
      const pid = await readyHistory(thrownIn);
      process.kill(pid, signal);
      thrownIn.push(pid);
    },
  });
  await publishing.catch(() => {});
  const statuses = await endFlood();
  const accepted = await publishing;
  await eventually(
    () => {
      const received = collector.eventIds();
      expect([...accepted].filter((id) => !received.has(id))).toEqual([]);
    },
    { timeoutMs: 240_000 },
  );
  console.log(`${collector.duplicates()} received more than once; console: ${JSON.stringify([...statuses])}`);
  expect([accepted.size, collector.refused, thrownIn.length]).toEqual([events, [], 2]);
  // 502 and 503: the lists, while the process that serves them starts again. Over the limit of the key: 429.
  expect([...statuses.keys()].filter((status) => ![200, 429, 502, 503].includes(status))).toEqual([]);

  const after = await tidings.local();
  expect(after.pids['delivery']).toBe(delivery);
  expect(tidings.output().match(/management exited \(.*\); restarting/g)).toHaveLength(2);
  expect(tidings.output()).not.toContain('pipeline exited');
  const log = await readFile(join(tidings.dataDir, 'logs', 'management.log'), 'utf8');
  const crashes = log.split('\n').filter((line) => line.includes('service.crashed') && line.includes(defect));
  expect(crashes).toHaveLength(2);
  await eventually(
    async () => {
      const lists = [...accepted].slice(-50).map(async (id) => {
        const one = await api.request('GET', `/v1/webhooks/deliveries?event_id=${id}`);
        return (one.body as { data?: { status: string }[] }).data?.[0]?.status;
      });
      expect(new Set(await Promise.all(lists))).toEqual(new Set(['delivered']));
    },
    { timeoutMs: 120_000 },
  );
  await collector.close();
});

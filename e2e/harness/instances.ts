import { eventually } from '@tidings/testing';
import { expect } from 'vitest';
import { apiOf } from './api.ts';
import { type Behaviour, type KeyedEndpoint, startKeyedEndpoint } from './keyed-endpoint.ts';
import { type KeyedLoad, startKeyedLoad } from './keyed-load.ts';
import { freePortBase, startTidings, type Tidings } from './tidings.ts';

/** The ports of a stack with up to three instances of each service. */
const portsOfInstances = 80;

/** Starts a stack with several instances of each process. */
export const startInstances = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Tidings> =>
  startTidings({ args: ['--no-demo', ...args], env, portBase: await freePortBase(portsOfInstances) });

/** A load with an ordered subscription for each of its event types, whose path is the type. */
export type InstancesRun = Readonly<{
  load: KeyedLoad;
  endpoint: KeyedEndpoint;
  /** The paths whose endpoint takes all events. */
  paths: readonly string[];
}>;

/** The endpoint of an event type apart from those of the load: its behaviour and the settings of its subscription. */
export type Limited = Behaviour & Readonly<{ settings: Readonly<Record<string, unknown>> }>;

/** Subscribes an endpoint to each of `types` event types in order, and to each of `limited`, and begins to publish. */
export async function startRun(
  tidings: Tidings,
  options: Readonly<{ types: number; perSecond: number; limited?: Readonly<Record<string, Limited>> }>,
): Promise<InstancesRun> {
  const { types: count, perSecond, limited = {} } = options;
  const local = await tidings.local();
  const ordered = Array.from({ length: count }, (_, at) => `t${at}`);
  const types = [...ordered, ...Object.keys(limited)];
  const behaviours = Object.fromEntries(Object.entries(limited).map(([name, one]) => [`/${name}`, one]));
  const endpoint = await startKeyedEndpoint(behaviours);
  const api = apiOf(local);
  for (const type of types) {
    const settings = limited[type]?.settings ?? { ordering: 'key' };
    await api.subscribe(`${endpoint.url}/${type}`, [type], settings);
  }
  const load = startKeyedLoad({ local, types, keysPerType: 5, perSecond });
  return { load, endpoint, paths: ordered.map((type) => `/${type}`) };
}

/** The processes of a stack, each by one of its services. */
export async function processesOf(tidings: Tidings): Promise<readonly string[]> {
  const { pids, services } = await tidings.local();
  const seen = new Set<number>();
  return Object.keys(services).filter((name) => {
    const pid = pids[name] ?? 0;
    if (seen.has(pid)) return false;
    seen.add(pid);
    return true;
  });
}

/** Sends a signal to the process of an instance, and waits until it runs again and all instances are ready. */
export async function bounce(tidings: Tidings, name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { pids } = await tidings.local();
  const pid = pids[name] ?? 0;
  process.kill(pid, signal);
  await eventually(
    async () => {
      const { pids: now } = await tidings.local();
      if (now[name] === pid) throw new Error(`${name} still has pid ${pid}`);
    },
    { timeoutMs: 60_000 },
  );
  await untilReady(tidings);
}

/**
 * Restarts all processes of a stack that has two of each: the first ones, then the second ones. `before` is called before each
 * half, for the load balancer in front of the two consoles.
 */
export async function restartInPairs(
  tidings: Tidings,
  before: (number: 1 | 2) => Promise<void> | void,
): Promise<void> {
  const names = await processesOf(tidings);
  for (const number of [1, 2] as const) {
    await before(number);
    const half = names.filter((name) => name.endsWith(`-${number}`));
    expect(half.length * 2).toBe(names.length);
    await Promise.all(half.map(async (name) => bounce(tidings, name, 'SIGTERM')));
  }
}

/** Waits until all instances of all services are ready. */
async function untilReady(tidings: Tidings): Promise<void> {
  const { services } = await tidings.local();
  await eventually(
    async () => {
      for (const [name, url] of Object.entries(services)) {
        const { ok } = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
        if (!ok) throw new Error(`${name} is not ready`);
      }
    },
    { timeoutMs: 240_000, everyMs: 100 },
  );
}

/** Returns numbers from 0 to 1 that follow from a seed (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Kills and stops processes in turn, each time another that a seed chooses, and waits until all run again. Returns what was
 * done. `only`: the service whose processes are chosen from; default: all but the console.
 */
export async function comeAndGo(
  tidings: Tidings,
  { times, seed, only }: Readonly<{ times: number; seed: number; only?: string }>,
): Promise<readonly string[]> {
  const next = numbersOf(seed);
  const done: string[] = [];
  for (let at = 0; at < times; at += 1) {
    const signal = at % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const names = (await processesOf(tidings)).filter((name) =>
      only === undefined ? name !== 'console' : name.startsWith(only),
    );
    const name = names[Math.floor(next() * names.length)] ?? '';
    await bounce(tidings, name, signal);
    done.push(`${signal} ${name}`);
  }
  return done;
}

/** The most events of the load under way in a process that is killed: one of each key, and those not recorded yet. */
const duplicatesOfKill = 150;

/** Expects the order, and no more duplicates than the kills explain. */
export function expectNothingLost({ load, endpoint, paths }: InstancesRun, done: readonly string[]): void {
  const kills = done.filter((one) => one.startsWith('SIGKILL')).length;
  expect(endpoint.missing(load.accepted, paths)).toEqual([]);
  expect(endpoint.orderBreaks(paths)).toEqual([]);
  expect(endpoint.duplicates(paths)).toBeLessThanOrEqual(kills * duplicatesOfKill);
}

/** Waits until every accepted event has come to the paths that take all. */
export async function untilAllCame({ load, endpoint, paths }: InstancesRun): Promise<void> {
  await eventually(
    () => {
      const missing = endpoint.missing(load.accepted, paths);
      if (missing.length > 0)
        throw new Error(`${missing.length} of ${load.total()} have not come, such as ${missing[0]}`);
    },
    { timeoutMs: 120_000, everyMs: 500 },
  );
}

/** A line with the figures of a run. */
export function describeRun({ load, endpoint, paths }: InstancesRun): string {
  const { path, ms } = endpoint.longestPause(paths);
  return [
    `${load.total()} accepted`,
    `${load.failures.length} requests failed`,
    `${endpoint.duplicates(paths)} received again`,
    `${endpoint.orderBreaks(paths).length} order breaks`,
    `longest pause ${ms} ms (${path})`,
    `from request to receipt p50 ${endpoint.latency(paths, 0.5)} ms, p99 ${endpoint.latency(paths, 0.99)} ms`,
  ].join(', ');
}

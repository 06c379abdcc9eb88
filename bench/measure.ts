import { flood, type LoadResult, paced, type Target } from './load.ts';
import { type Spread, spreadOf } from './percentiles.ts';
import { type Finder, named, type PipelineBacklog, since } from './pipeline-backlog.ts';
import { type Usage, usageOfAll } from './process-usage.ts';
import type { ReceiverProcess } from './receiver-process.ts';
import { eventCount, type Workload } from './workloads.ts';

/** One measurement of one workload. CPU in microseconds per delivered webhook, times in milliseconds. */
export type Measurement = Readonly<{
  name: string;
  delivered: number;
  /** Events that neither arrived nor remain in a topic. */
  lost: number;
  /** Events that have not arrived, by topic. */
  waiting: PipelineBacklog;
  /** Commands that were deferred or retried, by reason: explains long end-to-end times. */
  detours: PipelineBacklog;
  repeats: number;
  acceptedPerSecond: number;
  deliveredPerSecond: number;
  cpuUsPerWebhook: Readonly<{ total: number; servicesAndBrokers: number; mongodb: number }>;
  cpuUsByProcess: Readonly<Record<string, number>>;
  acceptMs: Spread;
  endToEndMs: Spread;
  peakRssMb: Readonly<Record<string, number>>;
}>;

export type Bench = Readonly<{
  target: Target;
  receiver: ReceiverProcess;
  finder: Finder;
  /** The processes whose CPU counts, each once. */
  pids: Readonly<Record<string, number>>;
}>;

const run = (target: Target, type: string, workload: Workload): Promise<LoadResult> =>
  workload.kind === 'flood'
    ? flood({ target, type, ...workload })
    : paced({ target, typeOf: () => type, ...workload });

const quietMs = 30_000;
// A briefly deferred command waits on a rung of at most one minute.
const timeoutMs = 150_000;

/**
 * Waits for all webhooks. When none has arrived for 30 s, counts the missing ones in the topics: those still in a topic
 * are late, not lost, and are awaited for two more minutes.
 */
const waitForAll = async ({ receiver, finder }: Bench, expected: number): Promise<void> => {
  let last = -1;
  let lastChangeMs = performance.now();
  let isReported = false;
  for (;;) {
    const count = await receiver.count();
    if (count >= expected) return;
    const nowMs = performance.now();
    if (count !== last) lastChangeMs = nowMs;
    last = count;
    if (nowMs - lastChangeMs > quietMs && !isReported) {
      isReported = true;
      const waiting = await finder.find();
      console.log(
        `  ${expected - count} did not arrive within ${quietMs} ms after the last one: ${named(waiting)}`,
      );
    }
    if (nowMs - lastChangeMs > timeoutMs) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/**
 * Waits until the history service and MongoDB are idle, at most 30 s, and returns what every process has used. History
 * writes after the deliveries: its CPU and that of MongoDB belong to them.
 */
export const waitUntilQuiet = async (pids: Bench['pids']): Promise<Readonly<Record<string, Usage>>> => {
  let before = await usageOfAll(pids);
  for (let i = 0; i < 60; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await usageOfAll(pids);
    const used = (service: string): number => {
      const name = Object.keys(pids).find((names) => names.split('+').includes(service)) ?? '';
      return (after[name]?.cpuMs ?? 0) - (before[name]?.cpuMs ?? 0);
    };
    if (used('history') < 50 && used('mongodb') < 50) return after;
    before = after;
  }
  return before;
};

export const measure = async (bench: Bench, workload: Workload, type: string): Promise<Measurement> => {
  const expected = eventCount(workload) * workload.fanOut;
  await bench.receiver.take();
  const placesBefore = await bench.finder.find();
  const detoursBefore = await bench.finder.detours();
  const before = await usageOfAll(bench.pids);
  const load = await run(bench.target, type, workload);
  await waitForAll(bench, expected);
  const taken = await bench.receiver.take();
  const waiting = since(placesBefore, taken.received < expected ? await bench.finder.find() : {});
  const found = Object.values(waiting).reduce((sum, count) => sum + count, 0);
  const detours = since(detoursBefore, await bench.finder.detours());
  const after = await waitUntilQuiet(bench.pids);
  const cpuUsByProcess: Record<string, number> = {};
  for (const name of Object.keys(bench.pids)) {
    const usedMs = (after[name]?.cpuMs ?? 0) - (before[name]?.cpuMs ?? 0);
    cpuUsByProcess[name] = Math.round((usedMs * 1_000) / Math.max(1, taken.received));
  }
  const total = Object.values(cpuUsByProcess).reduce((sum, value) => sum + value, 0);
  const mongodb = cpuUsByProcess['mongodb'] ?? 0;
  const rate = (count: number, fromMs: number, toMs: number): number =>
    Math.round((count * 1_000) / Math.max(1, toMs - fromMs));
  return {
    name: workload.name,
    delivered: taken.received,
    lost: Math.max(0, expected - taken.received - found),
    waiting,
    detours,
    repeats: taken.repeats,
    acceptedPerSecond: rate(eventCount(workload), load.startedAtMs, load.acceptedAtMs),
    deliveredPerSecond: rate(taken.received, load.startedAtMs, taken.lastAtMs),
    cpuUsPerWebhook: { total, servicesAndBrokers: total - mongodb, mongodb },
    cpuUsByProcess,
    acceptMs: spreadOf(load.acceptMs),
    endToEndMs: spreadOf(taken.latencies),
    peakRssMb: Object.fromEntries(Object.entries(after).map(([name, usage]) => [name, usage.peakRssMb])),
  };
};

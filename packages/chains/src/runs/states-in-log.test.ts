import { appTopics, runId as asRunId } from '@tidings/contracts';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { batch, chain } from '../handlers/chain.ts';
import { type DefineStep, type Started, World } from '../test/world.ts';
import { EndedRuns } from './ended-runs.ts';
import { RunEntry } from './run-entry.ts';
import { StateMemory } from './state-memory.ts';

const second = 1_000;

const gaugeOf = async ({ registry }: Started, name: string): Promise<number> => {
  const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
  return values.reduce((sum, { value }) => sum + value, 0);
};
const stateBytes = async (started: Started): Promise<number> =>
  gaugeOf(started, 'tidings_chains_state_bytes');

const laterHandlers = (inputs: unknown[]) => (step: DefineStep) => [
  {
    pattern: 'a',
    node: chain([
      step('first', () => ({ n: 1 })),
      step(
        'later',
        (input, { attempt, event }) => {
          inputs.push([input, event.data]);
          if (attempt === 1) throw new Error('not yet');
        },
        { backoff: [60] },
      ),
    ]),
  },
];

it('a run that waits is in the log alone, and goes on with its results and the data of its event', async () => {
  const world = new World();
  const inputs: unknown[] = [];
  const started = await world.start({ handlers: laterHandlers(inputs) });
  await world.publish('a', { text: 'x'.repeat(50_000) });
  await world.clock.advance(second);
  expect(world.runs()).toMatchObject([{ status: 'waiting' }]);
  expect(await stateBytes(started)).toBe(0);
  await world.clock.advance(60 * second);
  expect(inputs).toEqual([1, 2].map(() => [{ n: 1 }, { text: 'x'.repeat(50_000) }]));
  expect(world.runs()).toMatchObject([{ status: 'completed' }]);
  expect(await stateBytes(started)).toBe(0);
});

it('a restored run is read when it is carried out', async () => {
  const world = new World();
  const inputs: unknown[] = [];
  const first = await world.start({ handlers: laterHandlers(inputs) });
  await world.publish('a', 7);
  await world.clock.advance(second);
  first.process.kill();
  await world.remove(first);
  const next = await world.start({ handlers: laterHandlers(inputs) });
  expect(await stateBytes(next)).toBe(0);
  await world.clock.advance(60 * second);
  expect(inputs).toEqual([1, 2].map(() => [{ n: 1 }, 7]));
});

it('runs beyond the bound of states wait in the log for their turn, and are carried out in order', async () => {
  const world = new World();
  const ends: (() => void)[] = [];
  const started = await world.start({
    stateBytes: 20_000,
    handlers: (step) => [
      {
        pattern: 'a',
        node: batch([
          step('one', async (input) =>
            new Promise<void>((resolve) => void ends.push(resolve)).then(() => input),
          ),
          step('two'),
        ]),
        options: { concurrency: 1 },
      },
    ],
  });
  const ids: string[] = [];
  for (let n = 0; n < 100; n += 1)
    ids.push(await world.publish('a', `${n}${'x'.repeat(5_000)}`, { key: 'k' }));
  await world.clock.advance(second);
  const most = await stateBytes(started);
  expect(most).toBeGreaterThan(10_000);
  expect(most).toBeLessThan(40_000);
  for (let round = 0; round < 100; round += 1) {
    ends.shift()?.();
    await world.clock.advance(second);
  }
  const began = world.calls
    .filter(({ step }) => step === 'one')
    .map(({ runId }) => world.run(runId)?.event.id);
  expect(began).toEqual(ids);
  expect(world.runs().every(({ status }) => status === 'completed')).toBe(true);
});

it('waits while the brokers are away, and reads the state then', async () => {
  const world = new World();
  const inputs: unknown[] = [];
  const logger = recordingLogger();
  const started = await world.start({ handlers: laterHandlers(inputs), logger });
  await world.publish('a', 7);
  await world.clock.advance(second);
  const { readRecords } = started.process.bus;
  let isAway = true;
  world.reads = async (options) => {
    if (isAway) throw new Error('away');
    return readRecords(options);
  };
  await world.clock.advance(120 * second);
  expect(world.called).toEqual(['first', 'later']);
  expect(JSON.stringify(logger.lines)).toContain('run-log.states-not-read');
  isAway = false;
  await world.clock.advance(10 * second);
  expect(world.called).toEqual(['first', 'later', 'later']);
});

it.each([
  { runs: 30, dataBytes: 500_000, most: 10 },
  { runs: 250, dataBytes: 10, most: 100 },
])('writes few states again at one time after a restore: $most of $dataBytes bytes', async (of) => {
  const world = new World();
  const handlers = (step: DefineStep) => [
    {
      pattern: 'a',
      node: step(
        'work',
        () => {
          throw new Error('no');
        },
        { tries: 1 },
      ),
    },
  ];
  const first = await world.start({ handlers });
  for (let n = 0; n < of.runs; n += 1) await world.publish('a', 'x'.repeat(of.dataBytes), { key: 'k' });
  await world.clock.advance(second);
  await world.remove(first);
  const { readRecords } = world.bus;
  const counts: number[] = [];
  world.reads = async (options) => {
    counts.push(options.positions.length);
    return readRecords(options);
  };
  await world.start({ handlers });
  await world.clock.advance(10 * second);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(of.runs);
  expect(Math.max(...counts)).toBeLessThanOrEqual(of.most);
});

it('restores the partition when the log does not have a state any more that it should have', async () => {
  const world = new World();
  const inputs: unknown[] = [];
  const started = await world.start({ handlers: laterHandlers(inputs) });
  await world.publish('a', 7);
  await world.clock.advance(second);
  const { readRecords } = started.process.bus;
  let isMissing = true;
  world.reads = async (options) => (isMissing ? options.positions.map(() => null) : readRecords(options));
  await world.clock.advance(61 * second);
  isMissing = false;
  await world.clock.advance(60 * second);
  expect(world.called).toEqual(['first', 'later', 'later']);
  const epochs = world.bus
    .records(appTopics('shop').runLog)
    .filter(({ key, value }) => value !== null && key?.startsWith('epoch/') === true);
  expect(epochs.length).toBeGreaterThan(1);
});

it('carries out no state of another run that is where its own was: the log was cut and written again', async () => {
  const world = new World();
  const inputs: unknown[] = [];
  const started = await world.start({ handlers: laterHandlers(inputs) });
  await world.publish('a', 'one');
  await world.publish('a', 'two');
  await world.clock.advance(second);
  const { readRecords } = started.process.bus;
  const ofOther = async ({ topic, positions }: Parameters<typeof readRecords>[0]) => {
    const log = world.bus.records(topic);
    const swapped = positions.map((position) => {
      const own = log.find((one) => one.partition === position.partition && one.offset === position.offset);
      const other = log.findLast(({ key }) => key?.startsWith('run_') === true && key !== own?.key);
      return other ?? null;
    });
    return swapped;
  };
  world.reads = ofOther;
  await world.clock.advance(61 * second);
  expect(inputs).toHaveLength(2);
  world.reads = undefined;
  await world.clock.advance(60 * second);
  expect(inputs.map((input) => (input as unknown[])[1]).toSorted()).toEqual(['one', 'one', 'two', 'two']);
});

const failedRuns = (endedAtMs: readonly number[]) => {
  const clock = fakeClock();
  const expired: string[] = [];
  const leftOut: string[] = [];
  const due: { entry: RunEntry; atMs: number }[] = [];
  const memory = new StateMemory(0);
  const ended = new EndedRuns({
    clock,
    maxFailed: 2,
    expire: ({ runId }) => void expired.push(runId),
    addDue: (entry, atMs) => void due.push({ entry, atMs }),
    onFailedLeftOut: ({ runId }) => void leftOut.push(runId),
  });
  const entries = endedAtMs.map((afterMs, at) => {
    const times = { waitingUntilMs: null, endedAtMs: clock.nowMs() + afterMs };
    const place = { orderingKey: null, offset: 0, startedAtMs: 0, retriedAtMs: null };
    const id = { runId: asRunId('abcd'[at] ?? ''), handler: 'h', epoch: 1, sequence: 2 };
    return new RunEntry({ ...id, ...times, ...place, status: 'failed' }, memory);
  });
  return { clock, ended, entries, expired, leftOut, due };
};

it('forgets the oldest failed runs beyond the bound, once the records of older epochs are void', () => {
  const { ended, entries, expired, leftOut, due } = failedRuns([0, 0, 0, 0]);
  for (const entry of entries.slice(0, 3)) ended.add(entry);
  expect(expired).toEqual([]);
  ended.settled();
  expect(expired).toEqual(['a']);
  // One that is retried does not count.
  ended.remove(entries[1] as RunEntry);
  ended.add(entries[3] as RunEntry);
  expect([expired, leftOut]).toEqual([['a'], ['a']]);
  // Those that were forgotten leave nothing behind: one time is waited for, whatever number has failed.
  expect(due).toHaveLength(1);
});

it('forgets failed runs after 30 days, those behind a retried one as well', async () => {
  const day = 24 * 3_600 * second;
  const { clock, ended, entries, expired, due } = failedRuns([0, day]);
  const startMs = clock.nowMs();
  ended.settled();
  for (const entry of entries) ended.add(entry);
  expect(due.map(({ atMs }) => atMs - startMs)).toEqual([30 * day]);
  ended.remove(entries[0] as RunEntry);
  expect(due.map(({ atMs }) => atMs - startMs)).toEqual([30 * day, 31 * day]);
  await clock.advance(31 * day);
  ended.onDue(entries[1] as RunEntry);
  expect(expired).toEqual(['b']);
});

import { appGroup, appTopics, encodeRunCommand, type RunCommand, type RunRecorded } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { retry as askForRetry, cancel, runOf } from '../test/commands.ts';
import { app, type DefineStep, World } from '../test/world.ts';

const second = 1_000;

const fails = (message = 'no'): never => {
  throw new Error(message);
};

const onlyRun = (world: World): RunRecorded => {
  const [run, ...others] = world.runs();
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`);
  return run;
};

const command = async (world: World, wanted: RunCommand, run: RunRecorded): Promise<void> => {
  const producer = await world.bus.producer();
  const topic = appTopics(app).commands;
  await producer.publish({ topic, partition: run.event.partition, ...encodeRunCommand(wanted) });
};

describe('a command', () => {
  it('cancels a run: no further step begins', async () => {
    const world = new World();
    let end: () => void = () => {};
    await world.start({
      handlers: (step) => [
        {
          pattern: 'a',
          node: chain([
            step('first', async () => new Promise<void>((resolve) => (end = resolve))),
            step('second'),
          ]),
        },
      ],
    });
    await world.publish('a', {});
    await world.clock.advance(second);
    const run = onlyRun(world);
    await command(
      world,
      { type: 'RunCancelRequested.v1', runId: run.runId, by: 'key_1', reason: 'test', atMs: 1 },
      run,
    );
    await world.clock.advance(second);
    end();
    await world.clock.advance(second);
    expect(world.called).toEqual(['first']);
    expect(onlyRun(world)).toMatchObject({
      status: 'cancelled',
      cancelled: { by: 'key_1', reason: 'test' },
      steps: [],
    });
  });

  it('retries a failed run from the step that failed, once, and does again what was compensated', async () => {
    const world = new World();
    let isBroken = true;
    const undone: unknown[] = [];
    await world.start({
      handlers: (step) => [
        {
          pattern: 'a',
          node: chain([
            step('keep'),
            step('undo', undefined, { compensate: (result) => void undone.push(result) }),
            step('break', () => (isBroken ? fails() : 'ok'), { tries: 1 }),
          ]),
        },
      ],
    });
    await world.publish('a', {});
    await world.clock.advance(second);
    const failed = onlyRun(world);
    expect(failed.status).toBe('failed');
    isBroken = false;
    const retry: RunCommand = {
      type: 'RunRetryRequested.v1',
      runId: failed.runId,
      sequence: failed.sequence,
      by: 'key_1',
      atMs: 1,
    };
    await command(world, retry, failed);
    await command(world, retry, failed);
    await world.clock.advance(second);
    expect(undone).toEqual(['undo']);
    expect(world.called).toEqual(['keep', 'undo', 'break', 'undo', 'break']);
    expect(world.calls.map(({ idempotencyKey }) => idempotencyKey.replace(`${failed.runId}/`, ''))).toEqual([
      'keep',
      'undo',
      'break',
      'undo/1',
      'break',
    ]);
    expect(onlyRun(world)).toMatchObject({ status: 'completed', retries: 1 });
  });

  it('is carried out behind one of the same run that changes nothing, and none is left', async () => {
    const world = new World();
    let isBroken = true;
    const { process } = await world.start({
      handlers: (step) => [
        { pattern: 'a', node: step('break', () => (isBroken ? fails() : 'ok'), { tries: 1 }) },
      ],
    });
    await world.publish('a', {});
    await world.clock.advance(second);
    const failed = onlyRun(world);
    isBroken = false;
    // The state is in the log alone, and all of them wait for it.
    const { readRecords } = process.bus;
    let read: () => void = () => {};
    const begun = new Promise<void>((resolve) => (read = resolve));
    world.reads = async (options) => begun.then(async () => readRecords(options));
    const stale = { ...failed, sequence: failed.sequence - 1 };
    await askForRetry(world, stale);
    await askForRetry(world, stale);
    await cancel(world, failed);
    await askForRetry(world, failed);
    await world.clock.advance(second);
    read();
    await world.clock.advance(10 * second);
    expect(onlyRun(world)).toMatchObject({ status: 'completed', retries: 1 });
    const lags = await world.bus.lag(appGroup(app), [appTopics(app).commands]);
    expect(lags.map(({ lagRecords }) => lagRecords).filter((lag) => lag > 0n)).toEqual([]);
  });

  it('waits for its turn: few states of many runs are in memory at one time', async () => {
    const world = new World();
    let isBroken = true;
    const { process } = await world.start({
      handlers: (step) => [
        { pattern: 'a', node: step('break', () => (isBroken ? fails() : 'ok'), { tries: 1 }) },
      ],
    });
    for (let n = 0; n < 200; n += 1) await world.publish('a', n, { key: 'k' });
    await world.clock.advance(second);
    isBroken = false;
    const { readRecords } = process.bus;
    let isAway = true;
    const counts: number[] = [];
    world.reads = async (options) => {
      if (isAway) throw new Error('away');
      counts.push(options.positions.length);
      return readRecords(options);
    };
    for (const run of world.runs()) await askForRetry(world, run);
    await world.clock.advance(second);
    isAway = false;
    await world.clock.advance(30 * second);
    expect(world.runs().filter(({ status }) => status === 'completed')).toHaveLength(200);
    expect(Math.max(...counts)).toBeLessThanOrEqual(50);
  });

  it('cancels a run that waits and is in the log alone: the next of its key goes on', async () => {
    const world = new World();
    const handlers = (step: DefineStep) => [
      {
        pattern: 'a',
        node: step('work', (input) => (input === 'first' ? fails() : 'ok'), { backoff: [86_400] }),
        options: { orderBy: 'orderingKey' } as const,
      },
    ];
    const before = await world.start({ handlers });
    const first = await world.publish('a', 'first', { key: 'k' });
    const next = await world.publish('a', 'second', { key: 'k' });
    await world.clock.advance(second);
    await world.remove(before);
    await world.start({ handlers });
    await world.clock.advance(second);
    await cancel(world, runOf(world, first));
    await world.clock.advance(second);
    expect(runOf(world, first)).toMatchObject({ status: 'cancelled', cancelled: { by: 'key_1' } });
    expect(runOf(world, next).status).toBe('completed');
    expect(world.called).toEqual(['work', 'work']);
  });
});

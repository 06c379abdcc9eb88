import type { RunRecorded } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { type DefineStep, World } from '../test/world.ts';

const second = 1_000;

const fails = (message = 'no'): never => {
  throw new Error(message);
};

const onlyRun = (world: World): RunRecorded => {
  const [run, ...others] = world.runs();
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`);
  return run;
};

describe('other code', () => {
  const waiting = (step: DefineStep) => [
    { pattern: 'a', node: chain([step('done'), step('old', () => fails(), { backoff: [600], tries: 3 })]) },
  ];

  it('keeps the steps that a run has done, and carries out those that are new', async () => {
    const world = new World();
    const first = await world.start({ handlers: waiting });
    await world.publish('a', {});
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    await world.start({
      handlers: (step) => [{ pattern: 'a', node: chain([step('before'), step('done'), step('old')]) }],
    });
    await world.clock.advance(700 * second);
    expect(world.called).toEqual(['done', 'old', 'before', 'old']);
    expect(onlyRun(world)).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['step', 'a', { reason: 'unknown-step', step: 'old' }],
    ['handler', 'b', { reason: 'unknown-handler', step: null }],
  ])('without the %s that a run needs fails it after five minutes', async (_what, pattern, failure) => {
    const world = new World();
    const first = await world.start({ handlers: waiting });
    await world.publish('a', {});
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    await world.start({ handlers: (step) => [{ pattern, node: step('done') }] });
    await world.clock.advance(290 * second);
    expect(onlyRun(world).status).toBe('waiting');
    await world.clock.advance(900 * second);
    expect(onlyRun(world)).toMatchObject({ status: 'failed', failure });
    expect(world.called).toEqual(['done', 'old']);
  });
});

describe('a worker that stops', () => {
  it('lets attempts end and records them, and starts no more', async () => {
    const world = new World();
    let end: () => void = () => {};
    const handlers = (step: DefineStep) => [
      {
        pattern: 'a',
        node: chain([
          step('first', async () => new Promise<void>((resolve) => (end = resolve))),
          step('second'),
        ]),
      },
    ];
    const first = await world.start({ handlers });
    await world.publish('a', {});
    await world.clock.advance(second);
    const closing = first.worker.close();
    end();
    await world.clock.advance(second);
    await closing;
    expect(world.called).toEqual(['first']);
    await world.remove(first);
    await world.start({ handlers });
    await world.clock.advance(second);
    expect(world.called).toEqual(['first', 'second']);
    expect(onlyRun(world).status).toBe('completed');
  });
});

describe('an application that starts for the first time', () => {
  it('leaves the events from before alone', async () => {
    const world = new World();
    await world.publish('a', {});
    await world.clock.advance(second);
    await world.start({ handlers: (step) => [{ pattern: '*', node: step('a') }] });
    await world.publish('a', {});
    await world.publish('tidings.subscription.failing', {});
    await world.clock.advance(second);
    expect(world.called).toEqual(['a']);
    expect(onlyRun(world).handler).toBe('all');
  });
});

describe('a state that a later version wrote', () => {
  it('is not lost: a version that cannot read it does not take the partition over', async () => {
    const world = new World();
    const handlers = (step: DefineStep) => [
      {
        pattern: 'a',
        node: chain([
          step('done'),
          step('later', (_input, { attempt }) => (attempt === 1 ? fails() : 'ok'), { backoff: [60] }),
        ]),
      },
    ];
    const { runLog } = world.own;
    const first = await world.start({ handlers });
    await world.publish('a', {}, { key: 'k' });
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    const known = world.bus.records(runLog).findLast(({ key }) => key?.startsWith('run_'));
    if (known === undefined) throw new Error('no state');
    const { value, headers, partition } = known;
    const producer = await world.bus.producer();
    const key = `run_${'f'.repeat(32)}/1`;
    const later = { 'tidings-run': (headers['tidings-run'] ?? '').replace('{', '{"later":1,') };
    await producer.publish({ topic: runLog, partition, key, value, headers: later });
    await world.start({ handlers });
    await world.clock.advance(200 * second);
    expect(world.called).toEqual(['done', 'later']);
    const written = world.bus.records(runLog).filter((record) => record.partition === partition);
    expect(written.at(-1)?.key).toBe(key);
    // Whoever gives it up removes it.
    await producer.publish({ topic: runLog, partition, key, value: null, headers: {} });
    await world.clock.advance(700 * second);
    expect(world.called).toEqual(['done', 'later', 'later']);
    expect(onlyRun(world)).toMatchObject({ status: 'completed' });
  });

  it('is left alone where it is void, and so is what is no record of a worker', async () => {
    const world = new World();
    const handlers = (step: DefineStep) => [{ pattern: 'a', node: step('work') }];
    const first = await world.start({ handlers });
    await world.publish('a', 1, { key: 'k' });
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    const partition = world.bus
      .records(world.own.runLog)
      .find(({ key }) => key?.startsWith('run_'))?.partition;
    const producer = await world.bus.producer();
    for (const key of ['run_old/0', 'junk'])
      await producer.publish({
        topic: world.own.runLog,
        partition: partition ?? 0,
        key,
        value: Buffer.from('?'),
        headers: {},
      });
    await world.start({ handlers });
    await world.publish('a', 2, { key: 'k' });
    await world.clock.advance(20 * second);
    expect(world.called).toEqual(['work', 'work']);
  });
});

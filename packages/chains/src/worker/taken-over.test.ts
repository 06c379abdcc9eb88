import { appTopics, encodeEpoch } from '@tidings/contracts';
import { sleep } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { app, type DefineStep, World } from '../test/world.ts';

const second = 1_000;
const { runLog } = appTopics(app);

const partitionOf = (world: World): number => {
  const state = world.bus.records(runLog).find(({ headers }) => headers['tidings-run'] !== undefined);
  expect(state).toBeDefined();
  return state?.partition ?? -1;
};

/** Workers that started an epoch in a partition, in order. */
const ownersOf = (world: World, partition: number): string[] =>
  world.bus
    .records(runLog)
    // Settled epochs are removed.
    .filter((record) => record.value !== null && record.partition === partition)
    .filter(({ key }) => key?.startsWith('epoch/') === true)
    .map(({ key }) => (key ?? '').split('/')[2] ?? '');

it('does not take a partition back that its group has given to another worker', async () => {
  const world = new World();
  const handlers = (step: DefineStep) => [
    { pattern: 'a', node: chain([step('slow', async () => sleep(world.clock, 5 * second)), step('after')]) },
  ];
  const first = await world.start({ handlers });
  await world.publish('a', {});
  await world.clock.advance(second);
  await world.remove(first);
  await world.start({ handlers });
  const partition = partitionOf(world);
  await world.clock.advance(900 * second);
  expect(ownersOf(world, partition)).toEqual(['w1-1', 'w2-1']);
  expect(world.calls.map(({ worker, step }) => `${worker} ${step}`)).toEqual([
    'w1 slow',
    'w2 slow',
    'w2 after',
  ]);
});

it('takes a partition back that its group gives to it, when another worker has taken it over', async () => {
  const world = new World();
  const handlers = (step: DefineStep) => [
    { pattern: 'a', node: chain([step('slow', async () => sleep(world.clock, 5 * second)), step('after')]) },
  ];
  await world.start({ handlers });
  await world.publish('a', {});
  await world.clock.advance(second);
  const partition = partitionOf(world);
  const marker = encodeEpoch({
    type: 'EpochStarted.v1',
    epoch: 7,
    owner: 'late-1',
    fromOffset: '0',
    atMs: world.clock.nowMs(),
  });
  await (await world.bus.producer()).publish({ topic: runLog, partition, ...marker });
  await world.clock.advance(9 * second);
  expect(ownersOf(world, partition)).toEqual(['w1-1', 'late-1']);
  await world.clock.advance(20 * second);
  expect(ownersOf(world, partition)).toEqual(['w1-1', 'late-1', 'w1-1']);
  // Its success is in the log, although it was not acknowledged.
  expect(world.called).toEqual(['slow', 'after']);
  expect(world.runs().map(({ status }) => status)).toEqual(['completed']);
});

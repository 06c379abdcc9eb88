import { appTopics, decodeRunLogEntry } from '@tidings/contracts';
import type { IncomingRecord } from '@tidings/kafka';
import { expect, it } from 'vitest';
import { app, type DefineStep, World } from '../test/world.ts';

const second = 1_000;
const { runLog } = appTopics(app);

const handlers = (step: DefineStep) => [
  {
    pattern: 'a',
    node: step(
      'work',
      (_input, { attempt }) => {
        if (attempt === 1) throw new Error('not yet');
      },
      { backoff: [3_600] },
    ),
  },
  { pattern: 'b', node: step('other') },
];

/** Writes a record of the run log once more, as a producer does that missed an acknowledgement. */
const repeat = async (world: World, { key, headers, value, partition }: IncomingRecord): Promise<void> => {
  const producer = await world.bus.producer();
  await producer.publish({ topic: runLog, key, headers, value, partition });
};

const statesOf = (world: World, key: string | null): readonly (number | null)[] =>
  world.bus.records(runLog).flatMap((record) => {
    if (record.key !== key) return [];
    if (record.value === null) return [null];
    const entry = decodeRunLogEntry(record);
    return 'run' in entry ? [entry.run.sequence] : [];
  });

it('writes the newest state again behind an older one that a repeated send has put there', async () => {
  const world = new World();
  await world.start({ handlers });
  await world.publish('a', 1, { key: 'k' });
  await world.clock.advance(second);
  const first = world.bus.records(runLog).find(({ key }) => key?.startsWith('run_')) as IncomingRecord;
  expect(statesOf(world, first.key)).toEqual([1, 2]);
  await repeat(world, first);
  // Another run writes to the partition.
  await world.publish('b', 1, { key: 'k' });
  await world.clock.advance(second);
  expect(statesOf(world, first.key)).toEqual([1, 2, 1, 2]);
  await world.clock.advance(3_600 * second);
  expect(world.called).toEqual(['work', 'other', 'work']);
});

it('removes a run again that it has forgotten', async () => {
  const world = new World();
  await world.start({ handlers });
  await world.publish('b', 1, { key: 'k' });
  await world.clock.advance(second);
  const first = world.bus.records(runLog).find(({ key }) => key?.startsWith('run_')) as IncomingRecord;
  await world.clock.advance(700 * second);
  await world.publish('b', 2, { key: 'k' });
  await world.clock.advance(second);
  expect(statesOf(world, first.key).at(-1)).toBeNull();
  await repeat(world, first);
  await world.publish('b', 3, { key: 'k' });
  await world.clock.advance(second);
  expect(statesOf(world, first.key).slice(-2)).toEqual([1, null]);
});

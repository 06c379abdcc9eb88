import { appGroup, topics } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { app, type Started, World } from '../test/world.ts';

const second = 1_000;

const heldOf = async ({ registry }: Started): Promise<number> => {
  const { values } = (await registry.getSingleMetric('tidings_chains_events_held')?.get()) ?? { values: [] };
  return values.find(({ labels }) => labels['handler'] === 'a')?.value ?? Number.NaN;
};

/** Events that the application has not done. */
const lagOf = async ({ bus }: World): Promise<number> => {
  const lags = await bus.lag(appGroup(app), [topics.events]);
  return lags.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0);
};

const slow = {
  handlers: (step: Parameters<Parameters<World['start']>[0]['handlers']>[0]) => [
    {
      pattern: 'a',
      node: step(
        'wait',
        (_input, { attempt }) => {
          if (attempt === 1) throw new Error('not yet');
        },
        { backoff: [600] },
      ),
      options: { maxOpenRuns: 3 },
    },
    { pattern: 'b', node: step('quick') },
  ],
};

it('starts no more runs of a handler than may be open, those that wait included; the events wait in the log', async () => {
  const world = new World();
  const started = await world.start(slow);
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await world.publish('a', n, { key: 'k' }));
  await world.publish('b', 1, { key: 'k' });
  await world.clock.advance(second);
  // Runs of another handler start while its partition is not full.
  expect(world.called).toEqual(['wait', 'wait', 'wait', 'quick']);
  expect(await heldOf(started)).toBe(2);
  const lag = await lagOf(world);
  expect(lag).toBe(3);
  await world.clock.advance(1_300 * second);
  expect(
    world
      .runs()
      .filter(({ handler }) => handler === 'a')
      .map(({ event }) => event.id),
  ).toEqual(ids);
  expect(world.runs().every(({ status }) => status === 'completed')).toBe(true);
  expect([await heldOf(started), await lagOf(world)]).toEqual([0, 0]);
  // A restore puts the runs of a key in the order in which they began, and those that were retried among them.
  const began = world.runs().filter(({ handler }) => handler === 'a');
  expect(began.map(({ startedAtMs, event }) => startedAtMs - event.acceptedAtMs >= 600 * second)).toEqual([
    ...[false, false, false],
    ...[true, true],
  ]);
});

it('a worker that takes over counts the runs that it restores, and starts each event that was held once', async () => {
  const world = new World();
  const first = await world.start(slow);
  for (let n = 0; n < 5; n += 1) await world.publish('a', n, { key: 'k' });
  await world.clock.advance(second);
  first.process.kill();
  await world.remove(first);
  const next = await world.start(slow);
  await world.clock.advance(second);
  expect(await heldOf(next)).toBe(2);
  await world.clock.advance(1_300 * second);
  expect(world.runs().map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'completed'));
  expect(world.called).toHaveLength(10);
});

import { sleep } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { retry, runOf } from '../test/commands.ts';
import { World } from '../test/world.ts';

const second = 1_000;

it('a retried run is carried out though the run in front of it ends while the retry is written', async () => {
  const world = new World();
  let isBroken = true;
  let end: () => void = () => {};
  await world.start({
    delayMs: () => 2 * second,
    handlers: (step) => [
      {
        pattern: 'a',
        node: step(
          'work',
          async (input) => {
            if (input === 'bad' && isBroken) throw new Error('broken');
            if (input === 'slow') await new Promise<void>((resolve) => (end = resolve));
          },
          { tries: 1 },
        ),
        options: { orderBy: 'orderingKey' },
      },
    ],
  });
  await world.clock.advance(20 * second);
  const bad = await world.publish('a', 'bad', { key: 'k' });
  const slow = await world.publish('a', 'slow', { key: 'k' });
  await world.clock.advance(20 * second);
  expect(runOf(world, bad).status).toBe('failed');
  expect(runOf(world, slow).status).toBe('running');
  isBroken = false;
  end();
  await world.clock.advance(second);
  await retry(world, runOf(world, bad));
  await world.clock.advance(60 * second);
  expect([runOf(world, slow).status, runOf(world, bad).status]).toEqual(['completed', 'completed']);
});

it('the run under way of an ordering key goes on first after a takeover, also in front of a retried one', async () => {
  const world = new World();
  let isBroken = true;
  const life = {
    handlers: (step: Parameters<Parameters<World['start']>[0]['handlers']>[0]) => [
      {
        pattern: 'a',
        node: chain([
          step('one', (input) => input, { tries: 1 }),
          step(
            'two',
            (input) => {
              if (isBroken || input === 'wait') throw new Error('broken');
            },
            { tries: 2, backoff: [60] },
          ),
        ]),
        options: { orderBy: 'orderingKey' } as const,
      },
    ],
  };
  const first = await world.start(life);
  const early = await world.publish('a', 'early', { key: 'k' });
  await world.clock.advance(62 * second);
  expect(runOf(world, early).status).toBe('failed');
  const later = await world.publish('a', 'wait', { key: 'k' });
  await world.clock.advance(second);
  expect(runOf(world, later).status).toBe('waiting');
  isBroken = false;
  await retry(world, runOf(world, early));
  await world.clock.advance(second);
  await first.worker.close();
  await world.remove(first);
  const from = world.calls.length;
  await world.start(life);
  await world.clock.advance(200 * second);
  expect(world.calls.slice(from).map(({ runId }) => runId)).toEqual([
    runOf(world, later).runId,
    runOf(world, early).runId,
  ]);
});

it('retried runs of an ordering key go on in the order of the retries after a takeover', async () => {
  const world = new World();
  let isBroken = true;
  const life = {
    handlers: (step: Parameters<Parameters<World['start']>[0]['handlers']>[0]) => [
      {
        pattern: 'a',
        node: step(
          'work',
          async (input) => {
            if (input === 'slow') await sleep(world.clock, 60 * second);
            else if (isBroken) throw new Error('broken');
          },
          { tries: 1, timeout: 600 },
        ),
        options: { orderBy: 'orderingKey' } as const,
      },
    ],
  };
  const first = await world.start(life);
  const ids: string[] = [];
  for (const data of ['one', 'two', 'three', 'slow']) ids.push(await world.publish('a', data, { key: 'k' }));
  await world.clock.advance(second);
  isBroken = false;
  for (const at of [2, 0, 1]) {
    await retry(world, runOf(world, ids[at] ?? ''));
    await world.clock.advance(second);
  }
  first.process.kill();
  await world.remove(first);
  const from = world.calls.length;
  await world.start(life);
  await world.clock.advance(200 * second);
  const order = world.calls.slice(from).map(({ runId }) => ids.indexOf(world.run(runId)?.event.id ?? ''));
  expect(order).toEqual([3, 2, 0, 1]);
});

import { sleep } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { type DefineStep, type Started, World } from '../test/world.ts';

const second = 1_000;

it('fails a step that ends its process again and again, and no other that was under way with it', async () => {
  const world = new World();
  let current: Started | undefined;
  const handlers = (step: DefineStep) => [
    {
      pattern: 'a',
      node: chain(
        [
          step('work', async (input) => {
            if (input === 'bad') {
              await sleep(world.clock, second);
              current?.process.kill();
            } else await sleep(world.clock, 2 * second);
          }),
        ],
        { onFailure: step('tell') },
      ),
    },
  ];
  current = await world.start({ handlers });
  const ids: string[] = [];
  for (const data of ['good', 'bad', 'good', 'good']) ids.push(await world.publish('a', data, { key: 'k' }));
  let lives = 1;
  await world.clock.advance(20 * second);
  for (; current.process.hasCrashed && lives < 30; lives += 1) {
    await world.remove(current);
    current = await world.start({ handlers });
    await world.clock.advance(20 * second);
  }
  // The first owner and ten that took the run over began the attempt.
  expect(lives).toBe(12);
  const [first, bad, ...others] = ids.map((id) => world.runs().find(({ event }) => event.id === id));
  expect([first, ...others].map((run) => run?.status)).toEqual(['completed', 'completed', 'completed']);
  expect(bad).toMatchObject({ status: 'failed', failure: { reason: 'step-failed', step: 'work' } });
  expect(bad?.failure?.message).toContain('10 workers began this attempt and recorded no end of it');
  expect(bad).not.toHaveProperty('begun');
  expect(world.calls.filter(({ step, runId }) => step === 'work' && runId === bad?.runId)).toHaveLength(11);
  expect(world.calls.filter(({ step }) => step === 'tell')).toHaveLength(1);
});

it('counts no attempt of a run that waited when its worker died, nor a second one of a worker', async () => {
  const world = new World();
  const handlers = (step: DefineStep) => [
    {
      pattern: 'a',
      node: step(
        'work',
        () => {
          throw new Error('no');
        },
        { backoff: [60], tries: 100 },
      ),
    },
  ];
  for (let life = 0; life < 12; life += 1) {
    const started = await world.start({ handlers });
    if (life === 0) await world.publish('a', 1);
    await world.clock.advance(30 * second);
    started.process.kill();
    await world.remove(started);
  }
  await world.start({ handlers });
  await world.clock.advance(100 * second);
  expect(world.runs()).toMatchObject([{ status: 'waiting' }]);
  expect(world.runs()[0]).not.toHaveProperty('begun');
});

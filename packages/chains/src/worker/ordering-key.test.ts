import { describe, expect, it } from 'vitest';
import { type DefineStep, World } from '../test/world.ts';

const second = 1_000;

describe('runs of one ordering key', () => {
  const pay =
    (world: World, ends: (() => void)[]) =>
    (step: DefineStep): readonly [{ pattern: string; node: ReturnType<DefineStep>; options: object }] => [
      {
        pattern: 'order.*',
        node: step(
          'work',
          async (input) =>
            new Promise((resolve, reject) =>
              ends.push(() => (input === 'bad' ? reject(new Error('bad')) : resolve(world.called.length))),
            ),
          { backoff: [60], tries: 2 },
        ),
        options: { orderBy: 'orderingKey' },
      },
    ];

  it('are carried out one after the other, also while the first waits; others are not held', async () => {
    const world = new World();
    const ends: (() => void)[] = [];
    await world.start({ handlers: pay(world, ends) });
    for (const [data, key] of [
      ['bad', 'k1'],
      ['second', 'k1'],
      ['other', 'k2'],
    ] as const)
      await world.publish('order.paid', data, { key });
    await world.clock.advance(second);
    expect(ends).toHaveLength(2);
    for (const end of ends.splice(0)) end();
    await world.clock.advance(second);
    // The first one waits for its second attempt, and so does the one behind it.
    expect(ends).toHaveLength(0);
    await world.clock.advance(60 * second);
    expect(ends).toHaveLength(1);
    ends.splice(0)[0]?.();
    await world.clock.advance(second);
    expect(ends).toHaveLength(1);
    ends.splice(0)[0]?.();
    await world.clock.advance(second);
    expect(
      world
        .runs()
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual(['completed', 'completed', 'failed']);
  });
});

describe('a handler', () => {
  it('with attempts that never end holds no other handler', async () => {
    const world = new World();
    await world.start({
      handlers: (step) => [
        { pattern: 'a', node: step('stuck', async () => new Promise(() => {})), options: { concurrency: 1 } },
        { pattern: 'b', node: step('quick') },
      ],
    });
    await world.publish('a', 1);
    await world.publish('a', 2);
    await world.publish('b', 3);
    await world.clock.advance(second);
    expect(world.called.toSorted()).toEqual(['quick', 'stuck']);
    await world.clock.advance(60 * second);
    expect(world.called.filter((name) => name === 'stuck').length).toBeGreaterThan(1);
  });

  it('begins no more attempts than its concurrency before their results are acknowledged', async () => {
    const world = new World();
    let delayMs = 0;
    await world.start({
      handlers: (step) => [{ pattern: 'a', node: step('quick'), options: { concurrency: 2 } }],
      delayMs: () => delayMs,
    });
    delayMs = 10 * second;
    for (let number = 0; number < 10; number += 1) await world.publish('a', number);
    await world.clock.advance(30 * second);
    expect(world.called).toHaveLength(2);
    await world.clock.advance(200 * second);
    expect(world.called).toHaveLength(10);
    expect(world.runs().filter(({ status }) => status === 'completed')).toHaveLength(10);
  });
});

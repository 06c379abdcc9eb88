import { describe, expect, it } from 'vitest';
import { createTurns } from './take-turns.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Adds pieces of work that note their numbers. */
const addWork = (inTurn: (work: () => void) => void, count: number): number[] => {
  const done: number[] = [];
  for (let at = 0; at < count; at += 1) inTurn(() => done.push(at));
  return done;
};

describe('turns', () => {
  it('run 32 pieces of work in each turn of the event loop, in order', async () => {
    const done = addWork(createTurns(), 70);
    expect(done).toHaveLength(0);
    await nextTurn();
    expect(done).toHaveLength(32);
    await nextTurn();
    expect(done).toHaveLength(64);
    await nextTurn();
    expect(done).toEqual(Array.from({ length: 70 }, (_, at) => at));
  });

  it('run a 64th of what waits if that is more, so that the last of thousands comes soon', async () => {
    const done = addWork(createTurns(), 6_400);
    await nextTurn();
    expect(done).toHaveLength(100);
    for (let turn = 1; turn < 150; turn += 1) await nextTurn();
    expect(done).toHaveLength(6_400);
  });

  it('leave what is added by the work to a later turn', async () => {
    const inTurn = createTurns();
    const done: string[] = [];
    inTurn(() => {
      done.push('first');
      inTurn(() => done.push('second'));
    });
    await nextTurn();
    expect(done).toEqual(['first']);
    await nextTurn();
    expect(done).toEqual(['first', 'second']);
  });
});

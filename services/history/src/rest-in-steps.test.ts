import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { restInSteps } from './rest-in-steps.ts';

it('rests after a scanned step for as long as it took, and after no other', async () => {
  const clock = fakeClock();
  const ends: string[] = [];
  const read = async (reached: number | null) => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 80));
    return { found: [], reached };
  };
  const step = restInSteps(
    { step: async (_: 'scanned' | 'indexed', reached: number | null) => read(reached) },
    (filters) => filters === 'scanned',
    clock,
  );
  void step('scanned', 1).then(() => ends.push('scanned'));
  void step('indexed', 1).then(() => ends.push('indexed'));
  void step('scanned', null).then(() => ends.push('last'));
  await clock.advance(80);
  expect(ends.toSorted()).toEqual(['indexed', 'last']);
  await clock.advance(79);
  expect(ends).toHaveLength(2);
  await clock.advance(1);
  expect(ends.at(-1)).toBe('scanned');
});

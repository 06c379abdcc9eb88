import { fakeClock } from '@tidings/runtime/testing';
import { expect, test } from 'vitest';

import { ChangeCollector } from './change-collector.ts';

function given(work: (files: readonly string[]) => Promise<void> = async () => {}) {
  const clock = fakeClock();
  const turns: (readonly string[])[] = [];
  const errors: unknown[] = [];
  const collector = new ChangeCollector({
    clock,
    quietMs: 50,
    onChanges: async (files) => {
      turns.push(files);
      await work(files);
    },
    onError: (error) => errors.push(error),
  });
  return { clock, turns, errors, collector };
}

test('files that change within the quiet time make one turn, each named once', async () => {
  const { clock, turns, collector } = given();
  collector.add('a.ts');
  await clock.advance(49);
  collector.add('b.ts');
  collector.add('a.ts');
  await clock.advance(49);
  expect(turns).toEqual([]);
  await clock.advance(1);
  expect(turns).toEqual([['a.ts', 'b.ts']]);
});

test('what changes during a turn is worked off after it', async () => {
  let finish: () => void = () => {};
  const { clock, turns, collector } = given(async ([first]) => {
    if (first === 'a.ts') await new Promise<void>((resolve) => (finish = resolve));
  });
  collector.add('a.ts');
  await clock.advance(50);
  collector.add('b.ts');
  await clock.advance(1_000);
  expect(turns).toEqual([['a.ts']]);
  finish();
  await clock.advance(0);
  await clock.advance(50);
  expect(turns).toEqual([['a.ts'], ['b.ts']]);
});

test('a turn that fails is told of, and the next one is taken', async () => {
  const { clock, turns, errors, collector } = given(async ([first]) => {
    if (first === 'a.ts') throw new Error('broken');
  });
  collector.add('a.ts');
  await clock.advance(50);
  collector.add('b.ts');
  await clock.advance(50);
  expect([errors, turns]).toEqual([[new Error('broken')], [['a.ts'], ['b.ts']]]);
});

test('nothing begins after the end, and what is under way is waited for', async () => {
  let finish: () => void = () => {};
  const { clock, turns, collector } = given(() => new Promise<void>((resolve) => (finish = resolve)));
  collector.add('a.ts');
  await clock.advance(50);
  collector.add('b.ts');
  let isClosed = false;
  const closing = collector.close().then(() => (isClosed = true));
  await clock.advance(1_000);
  expect(isClosed).toBe(false);
  finish();
  await closing;
  collector.add('c.ts');
  await clock.advance(1_000);
  expect(turns).toEqual([['a.ts']]);
});

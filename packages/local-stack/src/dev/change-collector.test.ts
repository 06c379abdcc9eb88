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

test('files that change within the quiet time are handled in one run, each once', async () => {
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

test('files that change during a run are handled in the next one', async () => {
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

test('a failed run is reported, and the next one starts', async () => {
  const { clock, turns, errors, collector } = given(async ([first]) => {
    if (first === 'a.ts') throw new Error('broken');
  });
  collector.add('a.ts');
  await clock.advance(50);
  collector.add('b.ts');
  await clock.advance(50);
  expect([errors, turns]).toEqual([[new Error('broken')], [['a.ts'], ['b.ts']]]);
});

test('no run begins after the end, and one in progress is awaited', async () => {
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

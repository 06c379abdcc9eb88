import { expect, it } from 'vitest';
import { randomNumbers } from '../../../test/random-numbers.ts';
import { YieldingPace } from './yielding-pace.ts';

const forMs = 300_000;
const livePerSecond = 200;
// The first comparisons find the rate.
const settledMs = forMs / 3;

/** Milliseconds that the process works for a live event and for a command of the replay, on average. */
type Work = Readonly<{ liveMs: number; commandMs: number }>;

/**
 * Returns the ages of live events that wait for one process together with the commands of a replay, as in a queue with
 * random intervals and random work. Without a pace there is no replay.
 */
const agesOf = ({ liveMs, commandMs }: Work, seed: number, pace?: YieldingPace): readonly number[] => {
  const random = randomNumbers(seed);
  const around = (mean: number): number => -mean * Math.log(1 - random());
  const ages: number[] = [];
  const ending: { atMs: number; ageMs: number }[] = [];
  let freeAtMs = 0;
  let nextLiveMs = 0;
  const work = (fromMs: number, meanMs: number): number => {
    freeAtMs = Math.max(freeAtMs, fromMs) + around(meanMs);
    return freeAtMs;
  };
  for (let nowMs = 0; nowMs < forMs; nowMs += 1) {
    for (; ending[0] !== undefined && ending[0].atMs <= nowMs; ending.shift()) {
      pace?.note(Math.round(ending[0].ageMs), nowMs);
      if (nowMs > settledMs) ages.push(ending[0].ageMs);
    }
    for (; nextLiveMs < nowMs + 1; nextLiveMs += around(1_000 / livePerSecond)) {
      const atMs = work(nextLiveMs, liveMs);
      ending.push({ atMs, ageMs: atMs - nextLiveMs });
    }
    if (pace !== undefined && pace.delayMs(nowMs) <= 0) {
      pace.take(nowMs);
      work(nowMs, commandMs);
    }
  }
  return ages;
};

const p99 = (ages: readonly number[]): number =>
  ages.toSorted((a, b) => a - b)[Math.ceil(ages.length * 0.99) - 1] ?? 0;

it.each([
  ['is nearly idle', { liveMs: 0.5, commandMs: 0.5 }],
  [
    'is busy for a third of its time, with commands that take as long as live events',
    { liveMs: 1.6, commandMs: 1.6 },
  ],
  ['is busy for two fifths of its time', { liveMs: 2, commandMs: 0.5 }],
  ['is busy for two thirds of its time', { liveMs: 3.3, commandMs: 1 }],
])('the p99 of live events is at most 1.2 times that without a replay in a process that %s', (_, work) => {
  const seeds = [1, 2, 3, 4];
  const ratios = seeds.map(
    (seed) => p99(agesOf(work, seed, new YieldingPace(400))) / p99(agesOf(work, seed)),
  );
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / seeds.length);
  expect(mean).toBeLessThanOrEqual(1.2);
});

import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { beforeEach, expect, it } from 'vitest';
import { type PartitionRef, partitionKey } from '../bus.ts';
import { SharedEnds, untilCheckMs } from './shared-ends.ts';

const a = { topic: 'a', partition: 0 };
const b = { topic: 'b', partition: 1 };

let clock: FakeClock;
let asked: (readonly PartitionRef[])[];
let missing: string;
let ends: SharedEnds;

beforeEach(() => {
  clock = fakeClock();
  asked = [];
  missing = '';
  ends = new SharedEnds(clock, async (refs) => {
    asked.push(refs);
    if (refs.some(({ topic }) => topic === missing)) throw new Error('missing');
    return new Map(refs.map((ref) => [partitionKey(ref), 7]));
  });
});

it('asks once for what several groups ask in the same moment, and again for what they ask later', async () => {
  const answers = [ends.of([a]), ends.of([a, b]), ends.of([])];
  await clock.advance(100);
  for (const answer of await Promise.all(answers.slice(0, 2))) expect(answer.get('a 0')).toBe(7);
  expect(await answers[2]).toEqual(new Map());
  expect(asked).toEqual([[a, b]]);
  const later = ends.of([b]);
  await clock.advance(100);
  expect(await later).toEqual(new Map([['b 1', 7]]));
  expect(asked).toHaveLength(2);
});

it('answers for the other groups when the topic of one is missing', async () => {
  missing = 'b';
  const [found, failed] = [ends.of([a]), ends.of([b])];
  failed.catch(() => {});
  await clock.advance(100);
  expect(await found).toEqual(new Map([['a 0', 7]]));
  await expect(failed).rejects.toThrow('missing');
});

it('checks at multiples of 30 s, and one later if that is almost there', async () => {
  const at = async (ms: number): Promise<number> => {
    await clock.advance(ms - clock.monotonicMs());
    return untilCheckMs(clock);
  };
  expect([await at(0), await at(12_000), await at(29_500)]).toEqual([30_000, 18_000, 30_500]);
});

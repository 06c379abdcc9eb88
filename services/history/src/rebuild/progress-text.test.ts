import { expect, it } from 'vitest';
import { durationText, progressText } from './progress-text.ts';

const partition = { topic: 'tidings.attempts', partition: 3 };

it('says where a rebuild is, how fast it is, and when it will be done', () => {
  const text = progressText(
    partition,
    { total: 1_200_000, done: 412_000 },
    { doneBefore: 12_000, ms: 50_000 },
  );
  expect(text).toBe('tidings.attempts 3: 412,000 of 1,200,000 records (34 %), 8,000/s, eta 1m39s');
});

it('says nothing of a speed that it has not measured', () => {
  expect(progressText(partition, { total: 10, done: 0 }, { doneBefore: 0, ms: 0 })).toBe(
    'tidings.attempts 3: 0 of 10 records (0 %)',
  );
  expect(progressText(partition, { total: 0, done: 0 }, { doneBefore: 0, ms: 0 })).toContain('(100 %)');
});

it.each([
  [400, '0s'],
  [59_000, '59s'],
  [61_000, '1m01s'],
  [3_720_000, '1h02m'],
])('writes %d ms as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

import { expect, it } from 'vitest';
import { texts } from './exchange-texts.ts';
import { answerWords, reasonWords } from './failure-words.ts';

// A partner reads these sentences too, and knows endpoints only.
it('explains every reason without the word subscription', () => {
  const reasons = [...Object.keys(texts.ended), ...Object.keys(texts.failures)];
  const sentences = reasons.map((reason) => reasonWords(reason, 500));
  expect(sentences.filter((sentence) => /subscription/i.test(sentence))).toEqual([]);
});

it.each([
  [500, 'http-status', '500'],
  [429, 'rate-limited', '429 · asked for a pause'],
  [204, null, '204'],
  [null, 'timeout', 'timed out'],
  [null, 'of-a-newer-release', 'of-a-newer-release'],
  [null, null, 'no answer'],
])('shows the answer %s %s in a column as %s', (status, reason, words) => {
  expect(answerWords(status, reason)).toBe(words);
});

it('has short words for every failure without a status code', () => {
  const { 'http-status': _, ...others } = texts.failures;
  expect(Object.keys(texts.answers)).toEqual(Object.keys(others));
});

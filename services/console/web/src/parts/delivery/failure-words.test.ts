import { expect, it } from 'vitest';
import { texts } from './exchange-texts.ts';
import { reasonWords } from './failure-words.ts';

// A partner reads these sentences too, and knows endpoints only.
it('explains every reason without the word subscription', () => {
  const reasons = [...Object.keys(texts.ended), ...Object.keys(texts.failures)];
  const sentences = reasons.map((reason) => reasonWords(reason, 500));
  expect(sentences.filter((sentence) => /subscription/i.test(sentence))).toEqual([]);
});

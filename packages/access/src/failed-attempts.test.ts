import { expect, it } from 'vitest';
import { FailedAttempts } from './failed-attempts.ts';

it('recognises the last 5,000 uses of accepted keys, and drops those older than 10,000 uses', () => {
  const attempts = new FailedAttempts();
  const use = (n: number): void => attempts.remember('192.0.2.1', `key_${n}`);
  const knows = (n: number): boolean => attempts.isKnown('192.0.2.1', `key_${n}`);
  for (let n = 0; n < 15_000; n += 1) {
    use(n);
    // A key that is used continually is never evicted.
    use(0);
    if (n >= 4_999) expect(knows(n - 4_998)).toBe(true);
  }
  expect(knows(0)).toBe(true);
  expect(knows(1)).toBe(false);
  expect(attempts.isKnown('192.0.2.2', 'key_0')).toBe(false);
});

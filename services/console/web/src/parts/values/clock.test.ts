import { afterEach, expect, it, vi } from 'vitest';
import { clockMs } from './clock.ts';

afterEach(() => vi.useRealTimers());

it('has the present time for the first text of a page that has shown none for long', () => {
  vi.useFakeTimers({ now: Date.now() + 24_000 });
  expect(clockMs()).toBe(Date.now());
});

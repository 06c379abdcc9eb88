import { deliveryId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { hex } from '../../test/builders.ts';
import { jitterOf } from './jitter.ts';

it('spreads deliveries and attempts evenly over 0 to 1', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 5_000; n += 1) {
    const id = deliveryId(`dlv_${hex(n)}`);
    for (const attempt of [1, 2]) {
      const jitter = jitterOf({ deliveryId: id, chain: 0, attempt });
      expect(jitter).toBeGreaterThanOrEqual(0);
      expect(jitter).toBeLessThan(1);
      const at = Math.floor(jitter * 10);
      buckets[at] = (buckets[at] ?? 0) + 1;
    }
  }
  for (const count of buckets) expect(count).toBeGreaterThan(700);
});

it('is the same for every copy and another for every attempt and chain', () => {
  const state = { deliveryId: deliveryId(`dlv_${hex(1)}`), chain: 0, attempt: 1 };
  expect(jitterOf(state)).toBe(jitterOf({ ...state }));
  expect(jitterOf({ ...state, attempt: 2 })).not.toBe(jitterOf(state));
  expect(jitterOf({ ...state, chain: 1 })).not.toBe(jitterOf(state));
});

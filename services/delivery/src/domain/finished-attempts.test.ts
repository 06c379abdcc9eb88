import { deliveryId } from '@tidings/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../test/builders.ts';
import { chainKeyOf, FinishedAttempts } from './finished-attempts.ts';

const bounds = { rememberMs: 600_000, maxChainsPerGeneration: 100_000 };
const name = (number: number, chain = 0, attempt = 1) =>
  [chainKeyOf({ deliveryId: deliveryId(`dlv_${hex(number)}`), chain }), attempt] as const;

describe('FinishedAttempts', () => {
  it('contains an attempt and those before it, but not the next', () => {
    const finishedAttempts = new FinishedAttempts(bounds, 0);
    finishedAttempts.record(...name(1, 0, 2), { isTerminal: false, nowMs: 0 });
    expect(finishedAttempts.has(...name(1, 0, 1))).toBe(true);
    expect(finishedAttempts.has(...name(1, 0, 2))).toBe(true);
    expect(finishedAttempts.has(...name(1, 0, 3))).toBe(false);
  });

  it('contains every attempt of a chain that is over, and none of the next chain', () => {
    const finishedAttempts = new FinishedAttempts(bounds, 0);
    finishedAttempts.record(...name(1), { isTerminal: true, nowMs: 0 });
    expect(finishedAttempts.has(...name(1, 0, 21))).toBe(true);
    expect(finishedAttempts.has(...name(1, 1, 1))).toBe(false);
    expect(finishedAttempts.has(...name(2))).toBe(false);
  });

  it('distinguishes a chain that is over from one with many attempts', () => {
    const finishedAttempts = new FinishedAttempts(bounds, 0);
    finishedAttempts.record(...name(1, 0, 70_000), { isTerminal: false, nowMs: 0 });
    expect(finishedAttempts.has(...name(1, 0, 70_001))).toBe(false);
    expect(finishedAttempts.isOver(name(1)[0])).toBe(false);
    finishedAttempts.record(...name(1, 0, 70_001), { isTerminal: true, nowMs: 0 });
    expect(finishedAttempts.isOver(name(1)[0])).toBe(true);
    expect(finishedAttempts.isOver(name(2)[0])).toBe(false);
  });

  it('remembers for the configured time, and not much longer', () => {
    const finishedAttempts = new FinishedAttempts(bounds, 0);
    for (let nowMs = 0; nowMs <= 2_000_000; nowMs += 1_000) {
      finishedAttempts.record(...name(nowMs), { isTerminal: true, nowMs });
      if (nowMs >= 600_000) expect(finishedAttempts.has(...name(nowMs - 600_000))).toBe(true);
      if (nowMs >= 1_000_000) expect(finishedAttempts.has(...name(nowMs - 1_000_000))).toBe(false);
    }
  });

  it('stays within its bound by forgetting earlier', () => {
    const finishedAttempts = new FinishedAttempts({ rememberMs: 600_000, maxChainsPerGeneration: 1_000 }, 0);
    for (let n = 0; n < 10_000; n += 1) finishedAttempts.record(...name(n), { isTerminal: true, nowMs: 0 });
    expect(finishedAttempts.size).toBeLessThanOrEqual(3_000);
    expect(finishedAttempts.has(...name(9_999))).toBe(true);
  });

  it('agrees with a plain map for any number of chains', () => {
    const step = fc.record({
      number: fc.integer({ min: 0, max: 3_000 }),
      chain: fc.integer({ min: 0, max: 3 }),
      attempt: fc.integer({ min: 1, max: 21 }),
      isTerminal: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 2_000 }), (steps) => {
        const finishedAttempts = new FinishedAttempts(bounds, 0);
        const model = new Map<string, number>();
        for (const { number, chain, attempt, isTerminal } of steps) {
          finishedAttempts.record(...name(number, chain, attempt), { isTerminal, nowMs: 0 });
          const key = `${number}.${chain}`;
          model.set(key, Math.max(model.get(key) ?? 0, isTerminal ? Infinity : attempt));
        }
        for (const { number, chain, attempt } of steps) {
          const known = model.get(`${number}.${chain}`) ?? 0;
          expect(finishedAttempts.has(...name(number, chain, attempt))).toBe(known >= attempt);
          expect(finishedAttempts.has(...name(number, chain, attempt + 1))).toBe(known >= attempt + 1);
          expect(finishedAttempts.has(...name(number, chain + 10, attempt))).toBe(false);
        }
      }),
      { numRuns: 30 },
    );
  });
});

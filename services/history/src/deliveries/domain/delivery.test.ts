import { type AttemptOutcome, type AttemptRecorded, exchangeText, parseExchange } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aFailure, outcomes } from '../../../test/builders.ts';
import { type Delivery, deliveryOf, isAttempt } from './delivery.ts';
import { maxAttemptEvents, maxWholeExchanges, mergeDeliveries } from './merge-deliveries.ts';

const fold = (records: readonly AttemptRecorded[]): Delivery => {
  const [first, ...rest] = records.map(deliveryOf);
  if (first === undefined) throw new Error('no records');
  return rest.reduce(mergeDeliveries, first);
};

const next = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.integer({ min: 1, max: 9 }).map((n) => ({ kind: 'retry' as const, atMs: 1_790_000_000_000 + n })),
  fc.constant({ kind: 'dead-letter' as const, reason: 'exhausted' as const }),
);
const outcome: fc.Arbitrary<AttemptOutcome> = fc.oneof(
  fc.constantFrom(...Object.values(outcomes)),
  fc.constant({ kind: 'suppressed', reason: 'duplicate-command' } as const),
  fc.constant({ kind: 'failed', reason: 'timeout', statusCode: null, responseExcerpt: null } as const),
);
const exchange = fc
  .record({ totalMs: fc.integer({ min: 1, max: 2 }), body: fc.constantFrom('a', 'b') })
  .map(({ totalMs, body }) =>
    exchangeText({ phases: { totalMs }, request: { headers: {} }, response: { headers: {}, body } }),
  );
const recordsOf = (bounds: { chains: number; attempts: number; records: number }) =>
  fc.array(
    fc
      .record({
        chain: fc.integer({ min: 0, max: bounds.chains }),
        attempt: fc.integer({ min: 1, max: bounds.attempts }),
        atMs: fc.integer({ min: 1_790_000_000_000, max: 1_790_000_000_003 }),
        acceptedAtMs: fc.integer({ min: 1_789_999_999_998, max: 1_790_000_000_000 }),
        outcome,
        next,
        exchange: fc.option(exchange, { nil: undefined }),
      })
      .map(({ exchange: made, ...over }) =>
        anAttemptRecord(1, { ...over, ...(made !== undefined && { exchange: made }) }),
      ),
    { minLength: 1, maxLength: bounds.records },
  );

describe('merging what is recorded of a delivery', () => {
  it('does not depend on order, duplicates or batches', () => {
    fc.assert(
      fc.property(
        recordsOf({ chains: 2, attempts: 3, records: 12 }).chain((records) =>
          fc.record({
            records: fc.constant(records),
            shuffled: fc.shuffledSubarray([...records, ...records], {
              minLength: 2 * records.length,
            }),
            cut: fc.integer({ min: 0, max: 2 * records.length }),
          }),
        ),
        ({ records, shuffled, cut }) => {
          const expected = fold(records);
          expect(fold(shuffled)).toEqual(expected);
          const halves = [shuffled.slice(0, cut), shuffled.slice(cut)].filter(({ length }) => length > 0);
          const [one, two] = halves.map(fold);
          if (one !== undefined && two !== undefined) {
            expect(mergeDeliveries(one, two)).toEqual(expected);
            expect(mergeDeliveries(two, one)).toEqual(expected);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('returns the same object if there is nothing new', () => {
    fc.assert(
      fc.property(recordsOf({ chains: 2, attempts: 3, records: 12 }), (records) => {
        const known = fold(records);
        for (const record of records) expect(mergeDeliveries(known, deliveryOf(record))).toBe(known);
      }),
    );
  });

  it('keeps the newest values and every success, in any order', () => {
    fc.assert(
      fc.property(recordsOf({ chains: 80, attempts: 8, records: 500 }), (records) => {
        const known = fold(records);
        expect(known.attemptEvents.length).toBeLessThanOrEqual(maxAttemptEvents);
        expect(fold(records.toReversed())).toEqual(known);
      }),
      { numRuns: 10 },
    );
    const many = Array.from({ length: 300 }, (_, chain) => aFailure(1, 1, { chain }));
    const known = fold([anAttemptRecord(1, { chain: 3 }), ...many]);
    expect(known.attemptEvents).toHaveLength(maxAttemptEvents);
    expect(known.status).toBe('delivered');
    expect(known.attemptEvents.at(-1)?.chain).toBe(299);
  });
});

describe('the exchanges of a delivery', () => {
  const anExchange = (body: string): string =>
    exchangeText({
      phases: { totalMs: 7 },
      request: { headers: {} },
      response: { headers: { a: 'b' }, body },
    });

  it('are whole for the newest attempts only, in any order, with duplicates', () => {
    fc.assert(
      fc.property(
        recordsOf({ chains: 30, attempts: 2, records: 90 }).chain((records) =>
          fc.record({
            records: fc.constant(records),
            shuffled: fc.shuffledSubarray([...records, ...records], { minLength: 2 * records.length }),
            cut: fc.integer({ min: 1, max: 2 * records.length - 1 }),
          }),
        ),
        ({ records, shuffled, cut }) => {
          const expected = fold(records);
          expect(fold(shuffled)).toEqual(expected);
          const [one, two] = [shuffled.slice(0, cut), shuffled.slice(cut)].map(fold) as [Delivery, Delivery];
          expect(mergeDeliveries(one, two)).toEqual(expected);
          expect(mergeDeliveries(two, one)).toEqual(expected);
          expect(mergeDeliveries(expected, one)).toBe(expected);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of two records of one attempt is the same, whichever has lost its headers and body before', () => {
    const twin = (totalMs: number): AttemptRecorded =>
      aFailure(1, 1, { exchange: exchangeText({ phases: { totalMs }, request: { headers: { a: 'b' } } }) });
    const newer = Array.from({ length: maxWholeExchanges }, (_, at) => aFailure(1, 1, { chain: at + 1 }));
    const expected = fold([twin(1), twin(2), ...newer]);
    for (const [first, second] of [
      [twin(1), twin(2)],
      [twin(2), twin(1)],
    ] as const) {
      expect(fold([first, ...newer, second])).toEqual(expected);
      expect(mergeDeliveries(deliveryOf(second), fold([first, ...newer]))).toEqual(expected);
    }
  });

  it('of 300 attempts with the longest bodies fit a document many times', () => {
    const body = '"'.repeat(16_384);
    const many = Array.from({ length: 300 }, (_, chain) =>
      aFailure(1, 1, { chain, exchange: anExchange(body) }),
    );
    const known = fold(many);
    const attempts = known.attemptEvents.filter(isAttempt);
    const read = attempts.map(({ exchange: text }) => parseExchange(text ?? ''));
    expect(attempts).toHaveLength(maxAttemptEvents);
    expect(read.slice(0, -maxWholeExchanges)).toEqual(
      Array.from({ length: maxAttemptEvents - maxWholeExchanges }, () => ({
        phases: { totalMs: 7 },
        dropped: true,
        truncated: true,
      })),
    );
    expect(read.slice(-maxWholeExchanges).every((one) => one !== null && 'response' in one)).toBe(true);
    expect(JSON.stringify(known).length).toBeLessThan(2_000_000);
  });
});

describe('the status of a delivery', () => {
  const deadLetter = { kind: 'dead-letter', reason: 'exhausted' } as const;
  const retryAt = (atMs: number) => ({ kind: 'retry', atMs }) as const;
  it.each<[string, AttemptRecorded[], string, string | null]>([
    ['delivered at once', [anAttemptRecord()], 'delivered', null],
    ['a failure with a retry to follow', [aFailure(1, 1)], 'retrying', null],
    [
      'the last failure',
      [aFailure(1, 1), aFailure(1, 2, { next: deadLetter })],
      'dead_lettered',
      'exhausted',
    ],
    ['a failed test', [aFailure(1, 1, { next: { kind: 'none' } })], 'failed', 'http-status'],
    [
      'deferred before any attempt',
      [anAttemptRecord(1, { outcome: outcomes.deferred })],
      'pending',
      'breaker-open',
    ],
    [
      'deferred between attempts',
      [aFailure(1, 1), anAttemptRecord(1, { attempt: 2, outcome: outcomes.deferred })],
      'retrying',
      'breaker-open',
    ],
    [
      'dead-lettered while disabled',
      [anAttemptRecord(1, { outcome: outcomes.setAside })],
      'dead_lettered',
      'disabled',
    ],
    [
      'subscription deleted',
      [aFailure(1, 1), anAttemptRecord(1, { attempt: 2, outcome: outcomes.suppressed })],
      'suppressed',
      'subscription-deleted',
    ],
    [
      'a dropped duplicate command beside a retry',
      [
        aFailure(1, 1),
        anAttemptRecord(1, { attempt: 2, outcome: { kind: 'suppressed', reason: 'duplicate-command' } }),
      ],
      'retrying',
      null,
    ],
    [
      'retried manually after a dead letter',
      [aFailure(1, 1, { next: deadLetter }), aFailure(1, 1, { chain: 1 })],
      'retrying',
      null,
    ],
    [
      'a success, then a failed manual retry',
      [anAttemptRecord(), aFailure(1, 1, { chain: 1, next: deadLetter })],
      'delivered',
      null,
    ],
    [
      'one attempt made twice by a crash, the success second',
      [aFailure(1, 1), anAttemptRecord(1, { atMs: 1_790_000_009_000 })],
      'delivered',
      null,
    ],
  ])('%s: %s', (...[, records, status, reason]) => {
    expect(fold(records)).toMatchObject({ status, statusReason: reason });
    expect(fold(records.toReversed())).toMatchObject({ status, statusReason: reason });
  });

  it('has the time of the next attempt only while one is scheduled', () => {
    expect(fold([aFailure(1, 1, { next: retryAt(7) })]).nextAttemptAtMs).toBe(7);
    expect(
      fold([aFailure(1, 1, { next: retryAt(7) }), anAttemptRecord(1, { attempt: 2 })]).nextAttemptAtMs,
    ).toBeNull();
  });
});

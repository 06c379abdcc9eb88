import type { AttemptRecorded } from '@tidings/contracts';
import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aFailure, outcomes } from '../../../test/builders.ts';
import { deliveryOf } from './delivery.ts';
import { mergeDeliveries } from './merge-deliveries.ts';
import { replayEndsOf } from './replay-outcomes.ts';

const chain = 1e15 + 7_000;
const later = chain + 5_000;
const deadLetter = { kind: 'dead-letter', reason: 'exhausted' } as const;
const replayed = (over: Partial<AttemptRecorded> = {}): AttemptRecorded =>
  anAttemptRecord(1, { chain, trigger: 'replay', ...over });
const failed = (attempt: number, over: Partial<AttemptRecorded> = {}): AttemptRecorded =>
  aFailure(1, attempt, { chain, trigger: attempt === 1 ? 'replay' : 'retry', ...over });
const endsOf = (records: readonly AttemptRecorded[]) =>
  replayEndsOf(records.map(deliveryOf).reduce(mergeDeliveries));

describe('the ends of the replays of a delivery', () => {
  it.each<[string, AttemptRecorded[], [number, string][]]>([
    ['none without a replay', [aFailure(1, 1, { next: deadLetter })], []],
    ['delivered at once', [aFailure(1, 1), replayed()], [[chain, 'delivered']]],
    ['delivered by a retry', [failed(1), replayed({ attempt: 2, trigger: 'retry' })], [[chain, 'delivered']]],
    ['none while a retry follows', [failed(1)], []],
    [
      'none while it is deferred',
      [replayed({ outcome: outcomes.deferred, next: { kind: 'retry', atMs: 9 } })],
      [],
    ],
    ['failed', [failed(1), failed(2, { next: deadLetter })], [[chain, 'failed']]],
    [
      'failed while disabled',
      [replayed({ outcome: outcomes.setAside, next: deadLetter })],
      [[chain, 'failed']],
    ],
    ['failed without its subscription', [replayed({ outcome: outcomes.suppressed })], [[chain, 'failed']]],
    [
      'not that of a copy that was dropped',
      [failed(1), replayed({ attempt: 2, outcome: { kind: 'suppressed', reason: 'duplicate-command' } })],
      [],
    ],
    [
      'not that of a manual retry of it',
      [failed(1, { next: deadLetter }), replayed({ chain: chain + 1, trigger: 'manual' })],
      [[chain, 'failed']],
    ],
    [
      'one for each replay',
      [failed(1, { next: deadLetter }), replayed({ chain: later })],
      [
        [chain, 'failed'],
        [later, 'delivered'],
      ],
    ],
    [
      'delivered, if a crash repeated the attempt',
      [failed(1, { next: deadLetter }), replayed({ atMs: 1_790_000_009_000 })],
      [[chain, 'delivered']],
    ],
  ])('%s', (_, records, ends) => {
    const expected = ends.map(([one, outcome]) => ({ chain: one, outcome }));
    expect(endsOf(records)).toEqual(expected);
    expect(endsOf([...records, ...records].toReversed())).toEqual(expected);
  });
});

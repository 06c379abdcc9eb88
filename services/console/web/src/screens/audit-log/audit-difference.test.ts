import { describe, expect, it } from 'vitest';
import { differencesOf } from './audit-difference.ts';

const of = (before: object | null, after: object) =>
  differencesOf(before as never, after as never).map(({ field, removed, added }) => [field, removed, added]);

describe('the difference of an audit entry', () => {
  it('has each field that differs with its value before and after', () => {
    expect(of({ name: 'a', is_on: false }, { name: 'b', is_on: true })).toEqual([
      ['name', ['a'], ['b']],
      ['is_on', ['false'], ['true']],
    ]);
  });

  it('says in lists only what is gone and what came', () => {
    expect(of({ events: ['order.*', 'a'] }, { events: ['order.*', 'b', 'c'] })).toEqual([
      ['events', ['a'], ['b', 'c']],
    ]);
    expect(of({ schedule: [1, 2] }, { schedule: [2, 1] })).toEqual([['schedule', ['1', '2'], ['2', '1']]]);
    expect(of({ schedule: [5, 5] }, { schedule: [5] })).toEqual([['schedule', ['5', '5'], ['5']]]);
    expect(of({ events: null }, { events: ['a'] })).toEqual([['events', [], ['a']]]);
  });

  it('goes into objects, also those in lists', () => {
    expect(of({ rate: { per_second: 1, burst: 2 } }, { rate: { per_second: 5, burst: 2 } })).toEqual([
      ['rate → per_second', ['1'], ['5']],
    ]);
    expect(of({ rate: null }, { rate: { per_second: 5 } })).toEqual([['rate → per_second', [], ['5']]]);
    expect(of({ secrets: [{ id: 'a' }] }, { secrets: [{ id: 'a' }, { id: 'b' }] })).toEqual([
      ['secrets → 2 → id', [], ['b']],
    ]);
    expect(of({ filters: { a: 1 } }, { filters: { a: { $gt: 1 } } })).toEqual([
      ['filters → a', ['1'], ['{"$gt":1}']],
    ]);
  });

  it('shows of a creation what is set, and nothing of what is not', () => {
    expect(of(null, { name: 'a', contact: null, headers: {}, events: [], limit: 0 })).toEqual([
      ['name', [], ['a']],
      ['limit', [], ['0']],
    ]);
  });

  it('shows times and durations in their units', () => {
    expect(of({ timeout_ms: 10_000, expires_at_ms: null }, { timeout_ms: 90_000, expires_at_ms: 0 })).toEqual(
      [
        ['timeout', ['10 s'], ['1 min 30 s']],
        ['expires_at', [], ['1970-01-01T00:00:00.000Z']],
      ],
    );
  });
});

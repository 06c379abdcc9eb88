import { describe, expect, it } from 'vitest';
import { memoryDedupe } from './dedupe.ts';
import { dedupeContract } from './dedupe-contract.ts';
import { mongoDedupe } from './mongo-dedupe.ts';
import { redisDedupe } from './redis-dedupe.ts';

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

const shared = memoryDedupe();
dedupeContract('memory', () => shared);

describe('memoryDedupe', () => {
  it('remembers an id until its time is over', () => {
    let nowMs = 0;
    const dedupe = memoryDedupe({ ttlSeconds: 60, leaseSeconds: 10, now: () => nowMs });
    expect(dedupe.claim('a', '1')).toBe('claimed');
    nowMs = 9_999;
    expect(dedupe.claim('a', '2')).toBe('in-progress');
    nowMs = 10_000;
    expect(dedupe.claim('a', '2')).toBe('claimed');
    void dedupe.complete('a', '2');
    nowMs = 69_999;
    expect(dedupe.claim('a', '3')).toBe('handled');
    nowMs = 70_000;
    expect(dedupe.claim('a', '3')).toBe('claimed');
  });

  it('forgets the oldest id above its limit', () => {
    const dedupe = memoryDedupe({ maxIds: 2 });
    for (const id of ['a', 'b', 'c']) void dedupe.complete(id, '1');
    expect(['c', 'b', 'a'].map((id) => dedupe.claim(id, '2'))).toEqual(['handled', 'handled', 'claimed']);
  });
});

describe('a dedupe store', () => {
  it.each<[string, unknown]>([
    ['ttlSeconds must be a whole number from 1 to', { ttlSeconds: 0 }],
    ['leaseSeconds must be a whole number from 1 to', { leaseSeconds: Number.NaN }],
    ["the options of the dedupe store has no 'ttl': did you mean 'ttlSeconds'?", { ttl: 60 }],
  ])('cannot be created with invalid times: %s', (message, times) => {
    const never = async (): Promise<never> => Promise.reject(new Error('unused'));
    const collection = { findOne: never, updateOne: never, deleteOne: never };
    expect(() => memoryDedupe(times as Anything)).toThrow(message);
    expect(() => mongoDedupe(collection, times as Anything)).toThrow(message);
    expect(() => redisDedupe(never, times as Anything)).toThrow(message);
    expect(() => redisDedupe({} as Anything)).toThrow('the first argument of redisDedupe must be a function');
  });
});

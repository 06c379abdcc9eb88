import { expect, it } from 'vitest';
import { outageOf } from './outage.ts';

const unread = (...parts: string[]) => outageOf(parts.map((part) => ({ part, detail: 'no response' })));

it.each([
  [[], null],
  [['hops', 'retries'], 'kafka'],
  [['retries', 'breakers', 'hops'], 'kafka'],
  [['dead_letters', 'jobs'], 'database'],
  [['hops'], 'some'],
  [['breakers'], 'some'],
  [['hops', 'retries', 'jobs'], 'some'],
  [['hops', 'retries', 'dead_letters', 'jobs'], 'some'],
  [['of-a-newer-release'], 'some'],
])('finds the store that does not respond when %j cannot be read: %s', (parts, outage) => {
  expect(unread(...(parts as string[]))).toBe(outage);
});

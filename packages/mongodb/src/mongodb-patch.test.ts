import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

type Pool = Readonly<{ options: Readonly<{ minPoolSizeCheckFrequencyMS: number }> }>;

const requireFromMongoose = createRequire(createRequire(import.meta.url).resolve('mongoose'));
const { ConnectionPool } = requireFromMongoose('mongodb/lib/cmap/connection_pool.js') as {
  ConnectionPool: new (server: object, options: object) => Pool;
};

const hostAddress = '127.0.0.1:1';
const checkedEveryMs = (minPoolSize?: number): number =>
  new ConnectionPool({ topology: { client: {} } }, { minPoolSize, hostAddress }).options
    .minPoolSizeCheckFrequencyMS;

it('checks a pool without a minimum size every ten seconds, and one with it ten times a second', () => {
  expect(checkedEveryMs()).toBe(10_000);
  expect(checkedEveryMs(0)).toBe(10_000);
  expect(checkedEveryMs(1)).toBe(100);
});

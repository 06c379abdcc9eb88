import { expect, it } from 'vitest';
import { commandFaults } from './mongodb-command-rules.ts';

it('permits batches and counts to the read model and not to the registry', () => {
  const many = { insert: 'things', documents: [{ _id: 1 }, { _id: 2 }], ordered: false };
  const count = { aggregate: 'things', pipeline: [{ $match: { a: { $in: [1] } } }], cursor: {} };
  expect(commandFaults('history', 'insert', many)).toEqual([]);
  expect(commandFaults('history', 'aggregate', count)).toEqual([]);
  expect(commandFaults('subscription', 'insert', many)).toEqual(['insert of many']);
  expect(commandFaults('subscription', 'insert', { ...many, insert: 'subscription_health' })).toEqual([]);
  expect(commandFaults('subscription', 'aggregate', count)).toEqual(['command aggregate']);
});

it.each(['subscription', 'history'] as const)('reports commands that no part of %s may send', (sender) => {
  const update = (statement: object) =>
    commandFaults(sender, 'update', { updates: [{ q: {}, ...statement }] });
  expect(update({ u: { $set: { a: 1 } } })).toEqual([]);
  expect(update({ u: { $set: { a: 1 } }, upsert: true })).toEqual(['update with upsert']);
  expect(update({ u: { $set: { a: 1 } }, arrayFilters: [] })).toEqual(['update with arrayFilters']);
  expect(update({ u: [{ $set: { a: 1 } }] })).toEqual(['update by something else than $set']);
  const ends = [{ key: { at: 1 }, name: 'at', expireAfterSeconds: 5 }];
  expect(commandFaults(sender, 'createIndexes', { indexes: ends })).toEqual([
    'index with expireAfterSeconds',
  ]);
  const inTransaction = { insert: 'x', documents: [{}], startTransaction: true, autocommit: false };
  expect(commandFaults(sender, 'insert', inTransaction)).toEqual([
    'insert with startTransaction',
    'insert with autocommit',
  ]);
  expect(commandFaults(sender, 'find', { filter: { a: { $where: '1' } } })).toEqual(['operator $where']);
  expect(commandFaults(sender, 'aggregate', { pipeline: [{ $changeStream: {} }] })).toEqual([
    sender === 'history' ? 'operator $changeStream' : 'command aggregate',
  ]);
});

import { eventually, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { expect, it, onTestFinished } from 'vitest';
import { guardCommands, monitoredUri } from './command-guard.ts';
import { aBody } from './registry-api.ts';
import { aPlace, startReadyRegistry } from './start-registry.ts';

it('notices what the design does not allow', async () => {
  const { faults } = guardCommands();
  const connection = await mongoose.createConnection(monitoredUri(sharedMongodbUri())).asPromise();
  onTestFinished(async () => connection.close());
  const things = connection.collection<{ _id: string; n: number }>('forbidden');
  await things.insertMany([
    { _id: 'a', n: 1 },
    { _id: 'b', n: 1 },
  ]);
  await things.updateMany({ n: { $ne: 2 } }, { $inc: { n: 1 } });
  await things.findOneAndUpdate({ _id: 'a' }, { $set: { n: 3 } });
  await things.countDocuments({});
  await things.deleteMany({});
  expect(faults).toEqual([
    'insert of many',
    'update of many, or with upsert',
    'update by something else than $set',
    'operator $ne',
    'operator $inc',
    'command findAndModify',
    'command aggregate',
    'delete of many',
  ]);
});

it('is all that the registry sends', async () => {
  const { seen, faults } = guardCommands();
  const { call, logger } = await startReadyRegistry(aPlace());
  const keyed = { body: aBody({ headers: { 'x.$y': 'v' } }), headers: { 'idempotency-key': 'k' } };
  const { body } = await call('POST', '', keyed);
  await call('POST', '', keyed);
  await call('POST', '', { ...keyed, body: aBody({ events: ['*'] }) });
  await call('GET', '?event=order.paid&consumer_id=acme&state=active&limit=1');
  await call('PATCH', `/${body.id}`, { body: { rate_limit: { per_second: 3 }, description: 'x' } });
  await call('PATCH', `/${body.id}`, { body: { description: 'y' }, headers: { 'if-match': '"1"' } });
  await call('POST', `/${body.id}/disable`);
  await call('POST', `/${body.id}/enable`);
  await call('POST', `/${body.id}/rotate-secret`);
  await call('DELETE', `/${body.id}`);
  await eventually(() => expect(logger.lines.map(({ event }) => event)).toContain('registry.compared'));
  expect(faults).toEqual([]);
  expect([...seen].sort()).toEqual(['createIndexes', 'find', 'insert', 'update']);
});

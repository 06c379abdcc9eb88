import { guardMongodbCommands, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { expect, it, onTestFinished } from 'vitest';

it('reports commands that are not allowed', async () => {
  const { faults } = guardMongodbCommands(mongoose.mongo, 'subscription');
  const connection = await mongoose
    .createConnection(sharedMongodbUri(), { appName: 'tidings-subscription' })
    .asPromise();
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
    'update of many',
    'update by something else than $set',
    'operator $ne',
    'operator $inc',
    'command findAndModify',
    'command aggregate',
    'delete of many',
  ]);
});

import { sharedMongodbUri } from '@tidings/testing';
import { MongoClient } from 'mongodb';
import { afterAll } from 'vitest';
import { dedupeContract, dedupeTimesContract } from './dedupe-contract.ts';
import { mongoDedupe } from './mongo-dedupe.ts';

const client = new MongoClient(sharedMongodbUri());
const collection = client.db('sdk_dedupe').collection('handled_webhooks');
afterAll(async () => client.close());

dedupeContract('MongoDB', () => mongoDedupe(collection));
dedupeTimesContract('MongoDB', (times) => mongoDedupe(collection, times));

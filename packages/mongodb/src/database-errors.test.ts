import { AppError } from '@tidings/runtime';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { atDatabase, isDuplicateKey } from './index.ts';

const { mongo } = mongoose;

const thrownBy = async (error: Error): Promise<unknown> =>
  atDatabase(async () => {
    throw error;
  }).catch((thrown: unknown) => thrown);

describe('the error of an operation', () => {
  it.each([
    ['a lost connection', new mongo.MongoNetworkError('read ECONNRESET')],
    ['a server selection timeout', new mongo.MongoServerSelectionError('timed out', {} as never)],
    ['a server that steps down', new mongo.MongoServerError({ message: 'not primary', code: 10_107 })],
    [
      'a write that the driver marks as retryable',
      new mongo.MongoServerError({ message: 'shutting down', errorLabels: ['RetryableWriteError'] }),
    ],
  ])('is unavailable for %s', async (_, error) => {
    expect(await thrownBy(error)).toMatchObject({ code: 'unavailable', retryable: true, cause: error });
  });

  it.each([
    ['an invalid command', new mongo.MongoServerError({ message: 'unknown operator', code: 2 })],
    ['a value of another type', new mongoose.Error.CastError('Number', 'x', 'version')],
    ['a field that is not in the schema', new mongoose.Error.StrictModeError('x')],
  ])('is internal for %s', async (_, error) => {
    expect(await thrownBy(error)).toMatchObject({ code: 'internal', retryable: false, cause: error });
  });

  it('rethrows an AppError unchanged', async () => {
    const error = new AppError({ code: 'undecodable', message: 'broken' });
    expect(await thrownBy(error)).toBe(error);
  });
});

it('recognises a duplicate key', () => {
  const errorOf = (code: number) => new mongo.MongoServerError({ message: 'refused', code });
  expect([isDuplicateKey(errorOf(11_000)), isDuplicateKey(errorOf(2)), isDuplicateKey(null)]).toEqual([
    true,
    false,
    false,
  ]);
});

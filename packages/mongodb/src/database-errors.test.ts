import { AppError } from '@tidings/runtime';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { atDatabase, isDuplicateKey } from './index.ts';

const { mongo } = mongoose;

const thrownBy = async (error: Error): Promise<unknown> =>
  atDatabase(async () => {
    throw error;
  }).catch((thrown: unknown) => thrown);

describe('what an operation throws', () => {
  it.each([
    ['a server that is gone', new mongo.MongoNetworkError('read ECONNRESET')],
    ['no server in time', new mongo.MongoServerSelectionError('timed out', {} as never)],
    ['a server that steps down', new mongo.MongoServerError({ message: 'not primary', code: 10_107 })],
    [
      'a write that the driver calls retryable',
      new mongo.MongoServerError({ message: 'shutting down', errorLabels: ['RetryableWriteError'] }),
    ],
  ])('is unavailable for %s', async (_, error) => {
    expect(await thrownBy(error)).toMatchObject({ code: 'unavailable', retryable: true, cause: error });
  });

  it.each([
    ['a command that no server takes', new mongo.MongoServerError({ message: 'unknown operator', code: 2 })],
    ['a value of another type', new mongoose.Error.CastError('Number', 'x', 'version')],
    ['a field that no schema has', new mongoose.Error.StrictModeError('x')],
  ])('is our fault for %s', async (_, error) => {
    expect(await thrownBy(error)).toMatchObject({ code: 'internal', retryable: false, cause: error });
  });

  it('passes our own errors on', async () => {
    const error = new AppError({ code: 'undecodable', message: 'broken' });
    expect(await thrownBy(error)).toBe(error);
  });
});

it('knows a key that is taken', () => {
  const errorOf = (code: number) => new mongo.MongoServerError({ message: 'refused', code });
  expect([isDuplicateKey(errorOf(11_000)), isDuplicateKey(errorOf(2)), isDuplicateKey(null)]).toEqual([
    true,
    false,
    false,
  ]);
});

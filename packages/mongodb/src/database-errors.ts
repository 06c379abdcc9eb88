import { AppError, messageOf } from '@tidings/runtime';
import mongoose from 'mongoose';

const { mongo, Error: MongooseErrors } = mongoose;

// Error codes of a server that steps down or cannot reach the other servers. From the specification of retryable reads
// of the MongoDB drivers; for writes the driver labels such errors itself.
const passing: ReadonlySet<unknown> = new Set([
  6, 7, 89, 91, 134, 189, 262, 9001, 10_107, 11_600, 11_602, 13_435, 13_436,
]);

const isOurFault = (error: unknown): boolean =>
  error instanceof MongooseErrors.StrictModeError ||
  error instanceof MongooseErrors.ValidationError ||
  error instanceof MongooseErrors.CastError ||
  (error instanceof mongo.MongoServerError &&
    !error.hasErrorLabel('RetryableWriteError') &&
    !passing.has(error.code));

/**
 * Runs one operation. Its error becomes an AppError: `unavailable` (retry, or respond 503) unless the command itself is
 * wrong, which is `internal`. An AppError is rethrown unchanged.
 */
export async function atDatabase<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const code = isOurFault(cause) ? 'internal' : 'unavailable';
    throw new AppError({ code, message: `MongoDB: ${messageOf(cause)}`, cause });
  }
}

/** Error code of the server for a unique key that exists. */
export const duplicateKeyCode = 11_000;

/** Returns true for the error of an insert whose unique key exists. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && error.code === duplicateKeyCode;

import { atDatabase } from '@tidings/mongodb';
import type { Metrics } from '@tidings/observability';
import mongoose, { type Model } from 'mongoose';
import type { metricsCatalogue } from '../metrics.ts';

/** The histogram that measures operations. */
export type OperationHistogram = Metrics<typeof metricsCatalogue>['handles']['mongoSeconds'];

/** Runs one MongoDB operation under a name, and measures it. */
export type TimedOperation = <T>(operation: string, work: () => Promise<T>) => Promise<T>;

/**
 * Returns a function that measures operations. Errors are AppErrors: `unavailable` unless the command itself is
 * invalid.
 */
export const timedOperations =
  (seconds: OperationHistogram): TimedOperation =>
  async (operation, work) => {
    const beganMs = performance.now();
    const observe = (outcome: string): void =>
      seconds.observe({ operation, outcome }, (performance.now() - beganMs) / 1_000);
    try {
      const result = await atDatabase(work);
      observe('ok');
      return result;
    } catch (error) {
      observe('failed');
      throw error;
    }
  };

/** The schema options of every collection of the read model. */
export const plainCollection = {
  strict: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;

const duplicateKey = 11_000;

/** Returns the indexes of documents whose keys an unordered insert found in use; rethrows any other error. */
const takenIn = (error: unknown): ReadonlySet<number> => {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
  const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  const isHarmless = faults.length > 0 && faults.every(({ code }) => code === duplicateKey);
  if (!isHarmless || error.result.getWriteConcernError() !== undefined) throw error;
  return new Set(faults.map(({ index }) => index));
};

/**
 * Inserts the new documents and leaves existing ones unchanged; returns the indexes of the latter. Uses the driver's
 * collection: casting and hydrating each document would cost more than the write.
 */
export const insertNew = async <T>(
  model: Model<T>,
  documents: readonly T[],
): Promise<ReadonlySet<number>> => {
  try {
    await model.collection.insertMany(documents as never, { ordered: false });
    return new Set();
  } catch (error) {
    return takenIn(error);
  }
};

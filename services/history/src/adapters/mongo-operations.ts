import { atDatabase } from '@tidings/mongodb';
import type { Metrics } from '@tidings/observability';
import mongoose, { type Model } from 'mongoose';
import type { metricsCatalogue } from '../metrics.ts';

/** Where operations are measured. */
export type OperationHistogram = Metrics<typeof metricsCatalogue>['handles']['mongoSeconds'];

/** Runs one operation of MongoDB under a name, and measures it. */
export type TimedOperation = <T>(operation: string, work: () => Promise<T>) => Promise<T>;

/** Measures operations. What they throw is an AppError: `unavailable` unless the command itself is wrong. */
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

/** What every collection of the read model is opened with. */
export const plainCollection = {
  strict: false,
  versionKey: false,
  autoIndex: false,
  autoCreate: false,
  id: false,
} as const;

const duplicateKey = 11_000;

/** The places that an unordered insert found taken; anything else that went wrong is thrown on. */
const takenIn = (error: unknown): ReadonlySet<number> => {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
  const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  const isHarmless = faults.length > 0 && faults.every(({ code }) => code === duplicateKey);
  if (!isHarmless || error.result.getWriteConcernError() !== undefined) throw error;
  return new Set(faults.map(({ index }) => index));
};

/**
 * Inserts those documents that are not there yet and leaves the others as they are; answers the places of those. It goes
 * to the driver's collection: casting and hydrating each document would cost more than the write.
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

import mongoose, { type Model } from 'mongoose';
import { atDatabase, duplicateKeyCode } from './database-errors.ts';

/** The histogram of the duration of operations, in seconds. `outcome`: `ok` or `failed`. */
export type OperationHistogram = Readonly<{
  observe(labels: Readonly<{ operation: string; outcome: string }>, seconds: number): void;
}>;

/** Runs one MongoDB operation under a name, and measures it. */
export type TimedOperation = <T>(operation: string, work: () => Promise<T>) => Promise<T>;

/** Returns a function that runs operations by {@link atDatabase} and measures them. */
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

/** Returns the indexes of documents whose keys an unordered insert found in use; rethrows any other error. */
function takenIn(error: unknown): ReadonlySet<number> {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
  const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  const isHarmless = faults.length > 0 && faults.every(({ code }) => code === duplicateKeyCode);
  if (!isHarmless || error.result.getWriteConcernError() !== undefined) throw error;
  return new Set(faults.map(({ index }) => index));
}

/**
 * Inserts the new documents and leaves existing ones unchanged; returns the indexes of the latter. Uses the driver's
 * collection: casting and hydrating each document would cost more than the write.
 */
export async function insertNew<T>(model: Model<T>, documents: readonly T[]): Promise<ReadonlySet<number>> {
  try {
    await model.collection.insertMany(documents as never, { ordered: false });
    return new Set();
  } catch (error) {
    return takenIn(error);
  }
}

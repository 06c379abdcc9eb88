import { type DedupeStore, type DedupeTimes, readTimes } from './dedupe.ts';

/** The methods of a collection of the `mongodb` driver (also of `Model.collection` of mongoose) that are used. */
export type DedupeCollection = Readonly<{
  findOne(filter: object): Promise<unknown>;
  updateOne(filter: object, update: object, options: { upsert: boolean }): Promise<unknown>;
  deleteOne(filter: object): Promise<unknown>;
}>;

const duplicateKey = 11_000;

/**
 * Creates a {@link DedupeStore} in a collection of MongoDB, for any number of processes. Its documents have `expires_at`:
 * create the index `{ expires_at: 1 }` with `expireAfterSeconds: 0` once, which removes them. Throws TypeError for
 * invalid times.
 */
export function mongoDedupe(collection: DedupeCollection, times: DedupeTimes = {}): DedupeStore {
  const { ttlMs, leaseMs } = readTimes(times);
  const after = (ms: number): Date => new Date(Date.now() + ms);
  return {
    claim: async (id, claim_id) => {
      const claim = { $set: { claim_id, is_handled: false, expires_at: after(leaseMs) } };
      try {
        // Takes the place of an expired document or of none. One that is in force breaks the uniqueness of _id.
        await collection.updateOne({ _id: id, expires_at: { $lte: new Date() } }, claim, { upsert: true });
        return 'claimed';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const known = await collection.findOne({ _id: id });
        const isHandled =
          typeof known === 'object' && known !== null && 'is_handled' in known && known.is_handled;
        return isHandled === true ? 'handled' : 'in-progress';
      }
    },
    complete: async (id, claim_id) => {
      const handled = { $set: { claim_id, is_handled: true, expires_at: after(ttlMs) } };
      await collection.updateOne({ _id: id }, handled, { upsert: true });
    },
    release: async (id, claim_id) => {
      await collection.deleteOne({ _id: id, claim_id, is_handled: false });
    },
  };
}

const isDuplicateKey = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === duplicateKey;

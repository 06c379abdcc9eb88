import { type DataErased, decodeErasure, ErasedData, type ErasureSubject, topics } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Bus } from '../bus.ts';

/** The erasures that the log has. */
export type Erasures = Readonly<{
  /**
   * Returns true if the data of an event, or of a delivery of it, is erased. Throws AppError `unavailable` until all
   * erasures have been read: nothing may be shown or sent without them.
   */
  covers(subject: ErasureSubject): boolean;
  /** Returns true once this process applies the erasure. */
  has(erasureId: string): boolean;
  values(): IterableIterator<DataErased>;
  size(): number;
  /** Resolves once every erasure that was in the log at the start has been read. */
  ready(): Promise<void>;
  isStale(): boolean;
  close(): Promise<void>;
}>;

/**
 * Opens the table of erasures, which follows their compacted topic. `service`: name of the reading service. `onChange`:
 * called after each change.
 */
export const openErasures = async (
  bus: Pick<Bus, 'table'>,
  service: string,
  onChange: () => void = () => {},
): Promise<Erasures> => {
  const erased = new ErasedData();
  const table = await bus.table<DataErased>({
    topic: topics.erasures,
    service,
    decode: (record) => {
      const value = decodeErasure(record);
      return { key: value.erasureId, version: 1, value };
    },
    onChange: (erasureId, value) => {
      if (value === undefined) erased.remove(erasureId);
      else erased.put(value);
      onChange();
    },
  });
  let isReady = false;
  const ready = table.ready().then(() => {
    isReady = true;
  });
  return {
    covers: (subject) => {
      if (!isReady) {
        const message = 'The erasures have not been read yet. Repeat the request.';
        throw new AppError({ code: 'unavailable', message, isPublic: true });
      }
      return erased.covers(subject);
    },
    has: (erasureId) => erased.has(erasureId),
    values: () => erased.values(),
    size: () => erased.size,
    ready: async () => ready,
    isStale: () => table.isStale(),
    close: async () => table.close(),
  };
};

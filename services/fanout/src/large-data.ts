import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { type EventAccepted, largeDataKey } from '@tidings/contracts';
import { getWithin, type ObjectStorage } from '@tidings/object-storage';
import type { LoggedEvent } from './ports.ts';

/** The data of an event from the object storage, or why they cannot be evaluated. */
export type LoadedData = Readonly<{ ok: true; data: Buffer } | { ok: false; detail: string }>;

/** Loads the data of an event. Rejects with AppError `unavailable` while the storage does not respond. */
export type LoadData = (event: EventAccepted) => Promise<LoadedData>;

/**
 * Maximum size of data in the object storage that filters evaluate, in bytes. Parsing holds up every partition of the
 * process: at this size the most expensive documents take 0.3 s of CPU time and 83 MB.
 */
export const maxFilteredBytes = 524_288;

/** Returns false for an event whose data are too large for filters. */
export const canBeFiltered = ({ large }: Pick<EventAccepted, 'large'>): boolean =>
  large === undefined || large.bytes <= maxFilteredBytes;

// The events behind it wait meanwhile, and those of other partitions whose data a filter needs.
const defaultTimeoutMs = 60_000;

/**
 * Creates the function that loads data for filters: of one event at a time, whoever asks, each within `timeoutMs`, after
 * which the storage counts as not responding.
 */
export const createLoadData = (
  storage: Pick<ObjectStorage, 'get'>,
  timeoutMs: number = defaultTimeoutMs,
): LoadData => {
  let last: Promise<unknown> = Promise.resolve();
  return async (event) => {
    const turn = last.then(async () => load(storage, event, timeoutMs));
    // The next one waits for this one, however it ends.
    last = turn.catch(() => {});
    return turn;
  };
};

/** Returns an event with its data, or with the reason why they cannot be had, if they are in the storage and needed. */
export const withData = async (
  logged: LoggedEvent,
  isNeeded: boolean,
  load: LoadData,
): Promise<LoggedEvent> => {
  if (!isNeeded || logged.event.large === undefined) return logged;
  const loaded = await load(logged.event);
  return loaded.ok
    ? { ...logged, event: { ...logged.event, data: loaded.data } }
    : { ...logged, dataFault: loaded.detail };
};

const gone: LoadedData = { ok: false, detail: 'the data are not in the object storage any more' };

async function load(
  storage: Pick<ObjectStorage, 'get'>,
  { id: eventId, workspaceId, large }: EventAccepted,
  timeoutMs: number,
): Promise<LoadedData> {
  if (large === undefined) return gone;
  const key = largeDataKey({ workspaceId, eventId, sha256: large.sha256 });
  const found = await getWithin(storage, key, timeoutMs);
  if (found === null) return gone;
  const data = await buffer(found.body);
  if (createHash('sha256').update(data).digest('hex') === large.sha256) return { ok: true, data };
  return { ok: false, detail: 'the data in the object storage are not those that were accepted' };
}

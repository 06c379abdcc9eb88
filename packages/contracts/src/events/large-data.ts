import type { EventId, WorkspaceId } from '../ids/ids.ts';

/** Data of an event that are an object in the object storage: too large for a record. `sha256`: 64 lower-case hex digits. */
export type LargeData = Readonly<{ bytes: number; sha256: string }>;

/** Maximum size of a body whose data go to the object storage, in bytes: 25 MiB. */
export const maxLargeBytes = 26_214_400;

/** JSON Schema of the maximum size of the bodies of a key or a source, in bytes. */
export const maxPayloadBytesRule = { type: 'integer', minimum: 1_024, maximum: maxLargeBytes } as const;

/** The prefix of the keys of all data in the object storage. */
export const largeDataPrefix = 'payloads/';

/** An event with large data. */
export type LargeDataOwner = Readonly<{ workspaceId: WorkspaceId; eventId: EventId }>;

/** Returns the prefix of the keys of the data of one event: repeats with other data have objects of their own. */
export const largeDataPrefixOf = ({ workspaceId, eventId }: LargeDataOwner): string =>
  `${largeDataPrefix}${workspaceId}/${eventId}/`;

/**
 * Returns the key of the data. It follows from the event alone, so no record can name the object of another workspace, and
 * a repeat of an event has the same object.
 */
export const largeDataKey = ({ sha256, ...owner }: LargeDataOwner & Pick<LargeData, 'sha256'>): string =>
  largeDataPrefixOf(owner) + sha256;

/**
 * Returns the `dataref` of an event (CloudEvents extension of that name): a reference, relative to the public URL, from
 * which whoever may read the event can read its data.
 */
export const dataRefOf = (eventId: EventId): string => `/v1/webhooks/events/${eventId}/data`;

/** Schema of the members of {@link LargeData}. */
export const largeDataProperties = {
  bytes: { type: 'integer', minimum: 1 },
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
} as const;

const digest = /^[0-9a-f]{64}$/;
const digits = /^[1-9][0-9]{0,11}$/;

/** Returns the headers of a record whose data are in the object storage. */
export const largeDataHeaders = (eventId: EventId, { bytes, sha256 }: LargeData): Record<string, string> => ({
  ce_dataref: dataRefOf(eventId),
  ce_databytes: String(bytes),
  ce_datasha256: sha256,
});

/** Returns what the headers of a record without a value say of its data; undefined if they are not in the storage. */
export const largeDataIn = (headers: Readonly<Record<string, string>>): LargeData | undefined => {
  const { ce_databytes: bytes = '', ce_datasha256: sha256 = '' } = headers;
  return digits.test(bytes) && digest.test(sha256) ? { bytes: Number(bytes), sha256 } : undefined;
};

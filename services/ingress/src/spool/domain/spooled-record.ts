import { topics, type WebhookReceived } from '@tidings/contracts';

/**
 * A record of the events topic as it is to be sent: with the id that was drawn before its first send, and the time at which
 * it was accepted, in epoch milliseconds. `fact`: what is written about its webhook when it is in the log; of one that is
 * several events, the first has it.
 */
export type SpooledRecord = Readonly<{
  key: string | null;
  headers: Readonly<Record<string, string>>;
  value: Buffer;
  timestampMs: number;
  fact?: WebhookReceived;
}>;

type Fields = Readonly<{ v: 1 }> & Omit<SpooledRecord, 'value'>;

const lengthBytes = 4;

/** Encodes a record: the length of its fields, its fields as JSON, and its value byte for byte. */
export function encodeSpooled({ value, ...rest }: SpooledRecord): Buffer {
  const fields: Fields = { v: 1, ...rest };
  const text = Buffer.from(JSON.stringify(fields));
  const length = Buffer.allocUnsafe(lengthBytes);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, value]);
}

/** Decodes a payload whose checksum is right; undefined if it was written by a release that this one does not know. */
export function decodeSpooled(payload: Buffer): SpooledRecord | undefined {
  const end = lengthBytes + (payload.length < lengthBytes ? 0 : payload.readUInt32LE());
  try {
    const { v, ...fields } = JSON.parse(payload.subarray(lengthBytes, end).toString()) as Fields;
    return v === 1 ? { ...fields, value: payload.subarray(end) } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns what is sent to the log. */
export const outgoingOf = ({ key, headers, value, timestampMs }: SpooledRecord) => ({
  ...{ topic: topics.events, key, headers, value, timestampMs },
});

type Ordered = Readonly<{ workspaceId: string; orderingKey: string | null }>;

/** Returns what an event has its place in the order of: its workspace and ordering key; null without one. */
export const orderOf = ({ workspaceId, orderingKey }: Ordered): string | null =>
  orderingKey === null ? null : `${workspaceId} ${orderingKey}`;

/** Returns the same of a record. */
export const orderOfRecord = ({ headers }: SpooledRecord): string | null =>
  orderOf({
    workspaceId: headers['ce_workspaceid'] ?? '',
    orderingKey: headers['ce_orderingkey'] ?? null,
  });

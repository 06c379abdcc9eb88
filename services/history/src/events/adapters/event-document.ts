import { type ConsumerId, consumerId, eventId, isReservedEventType, workspaceId } from '@tidings/contracts';
import { type Audience, audienceOf, type StoredEvent } from '../domain/event.ts';

/** Facts that only the view of an event shows: its time, the bytes of its data, and its place in the log. */
type RecordFacts = Readonly<{
  time: string;
  size: number;
  /** Of data in the object storage. */
  sha256?: string;
  partition: number;
  offset: number;
}>;

/**
 * An event in MongoDB. Small, because each is an insert: fields without a value are left out, the consumer is part of the
 * audience, and what no list needs is one text.
 */
export type EventDocument = Readonly<{
  /** The id of the event. A fresh one begins with its time, so events written together are stored together. */
  _id: string;
  workspace_id: string;
  /** See {@link audienceText}. */
  audience: string;
  type: string;
  source: string;
  accepted_at: Date;
  /** Null, like the two below, in an erased event; otherwise absent without a value. */
  ordering_key?: string | null;
  caller_id?: string | null;
  trace_id?: string | null;
  /** See {@link RecordFacts}, as JSON. Absent in documents of earlier releases, which have its fields themselves. */
  record?: string;
  /** Present if the event is erased. */
  erased?: true;
}> &
  Partial<RecordFacts>;

const consumerPrefix = 'consumer:';

/** Returns the stored text of an audience, by which lists of a consumer's key are filtered. */
export const audienceText = (audience: Audience): string =>
  audience.kind === 'consumer' ? consumerPrefix + audience.consumerId : audience.kind;

const consumerOf = (audience: string): ConsumerId | null =>
  audience.startsWith(consumerPrefix) ? consumerId(audience.slice(consumerPrefix.length)) : null;

/** Returns true for an event of the workspace alone that is so by its source: the name of any other says it. */
const isInternal = ({ audience, type }: Pick<EventDocument, 'audience' | 'type'>): boolean =>
  audience === audienceText({ kind: 'workspace' }) && !isReservedEventType(type);

const recordText = ({ time, sizeBytes, dataSha256, position }: StoredEvent): string => {
  const { partition, offset } = position;
  const sha256 = dataSha256 === undefined ? {} : { sha256: dataSha256 };
  const facts: RecordFacts = { time, size: sizeBytes, ...sha256, partition, offset };
  return JSON.stringify(facts);
};

/** The fields of an erased event. Updates only set fields, so that every MongoDB can carry them out. */
export const erasedFields = { erased: true, ordering_key: null, caller_id: null, trace_id: null } as const;

/** Returns the document of an event. */
export const toDocument = (event: StoredEvent): EventDocument => ({
  _id: event.id,
  workspace_id: event.workspaceId,
  audience: audienceText(audienceOf(event)),
  type: event.type,
  source: event.source,
  accepted_at: new Date(event.acceptedAtMs),
  ...(event.orderingKey === null ? {} : { ordering_key: event.orderingKey }),
  ...(event.callerId === null ? {} : { caller_id: event.callerId }),
  ...(event.traceId === null ? {} : { trace_id: event.traceId }),
  record: recordText(event),
  ...(event.isErased === true && erasedFields),
});

/** Returns the event of a document. */
export const fromDocument = (document: EventDocument): StoredEvent => {
  const { record } = document;
  const { time, size, sha256, partition, offset } = (
    record === undefined ? document : JSON.parse(record)
  ) as RecordFacts;
  return {
    id: eventId(document._id),
    workspaceId: workspaceId(document.workspace_id),
    consumerId: consumerOf(document.audience),
    ...(isInternal(document) && { isInternal: true }),
    type: document.type,
    source: document.source,
    time,
    acceptedAtMs: document.accepted_at.getTime(),
    orderingKey: document.ordering_key ?? null,
    callerId: document.caller_id ?? null,
    traceId: document.trace_id ?? null,
    sizeBytes: size,
    ...(sha256 !== undefined && { dataSha256: sha256 }),
    position: { partition, offset },
    ...(document.erased === true && { isErased: true }),
  };
};

import {
  consumerId,
  type DeadLetterReason,
  type DeadLetterRef,
  type DeliveryState,
  deadLetterId,
  deliveryId,
  eventId,
  type RecordPoisoned,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import { plainCollection } from '@tidings/mongodb';
import { Schema } from 'mongoose';
import {
  type Content,
  type DeadLetter,
  type DeadLetterState,
  deadLetterKey,
  type Settlement,
} from '../domain/dead-letter.ts';

/** A dead letter in MongoDB. Its content is in a separate document, so that lists and jobs need not read it. */
export type DeadLetterDocument = Readonly<{
  /** See deadLetterKey. */
  _id: string;
  letter_id: string;
  kind: DeadLetterRef['kind'];
  state: DeadLetterState;
  reason: DeadLetterReason;
  workspace_id: string | null;
  consumer_id: string | null;
  subscription_id: string | null;
  subscription_version: number | null;
  event_id: string | null;
  delivery_id: string | null;
  chain: number | null;
  event_type: string | null;
  /** The position of the poison record, and the group that could not decode it. */
  origin: Readonly<{ topic: string; partition: number; offset: string; group: string }> | null;
  attempt_count: number;
  last_status_code: number | null;
  last_error: string | null;
  first_error_at: Date;
  last_error_at: Date;
  recorded_at: Date;
  bytes: number;
  detail: string | null;
  partition: number;
  offset: number;
  job_id: string | null;
  job_chain: number | null;
  settled_at: Date | null;
  settled_by: string | null;
  settled_reason: string | null;
  /** Present if its content is erased. */
  erased?: true;
}>;

/**
 * The content of a dead letter in MongoDB: the command's state or the poison record's origin as text, and the bytes.
 */
export type ContentDocument = Readonly<{
  _id: string;
  kind: Content['kind'];
  state_json: string;
  traceparent: string | null;
  body: Buffer;
}>;

/** The collection of dead letters and its indexes. */
export const deadLetterSchema = new Schema<DeadLetterDocument>(
  { _id: String },
  { ...plainCollection, collection: 'dead_letters' },
);
deadLetterSchema.index({ workspace_id: 1, recorded_at: -1, _id: -1 });
deadLetterSchema.index({ workspace_id: 1, state: 1, recorded_at: -1, _id: -1 });
deadLetterSchema.index({ workspace_id: 1, consumer_id: 1, recorded_at: -1, _id: -1 });
deadLetterSchema.index({ subscription_id: 1, recorded_at: -1, _id: -1 });
deadLetterSchema.index({ partition: 1, offset: 1 });
deadLetterSchema.index({ letter_id: 1 });
deadLetterSchema.index({ state: 1, reason: 1, recorded_at: 1 });
deadLetterSchema.index({ job_id: 1 });
deadLetterSchema.index({ kind: 1, event_id: 1 });

/** The collection of contents. */
export const contentSchema = new Schema<ContentDocument>(
  { _id: String },
  { ...plainCollection, collection: 'dead_letter_contents' },
);

const refFields = (ref: DeadLetterRef) =>
  ref.kind === 'delivery'
    ? { delivery_id: ref.deliveryId, chain: ref.chain, origin: null }
    : {
        delivery_id: null,
        chain: null,
        origin: { topic: ref.topic, partition: ref.partition, offset: ref.offset, group: ref.group },
      };

/** Returns the document of a dead letter. */
export const toDocument = (deadLetter: DeadLetter): DeadLetterDocument => ({
  _id: deadLetterKey(deadLetter.ref),
  letter_id: deadLetter.id,
  kind: deadLetter.ref.kind,
  state: deadLetter.state,
  reason: deadLetter.reason,
  workspace_id: deadLetter.workspaceId,
  consumer_id: deadLetter.consumerId,
  subscription_id: deadLetter.subscriptionId,
  subscription_version: deadLetter.subscriptionVersion,
  ...refFields(deadLetter.ref),
  event_id: deadLetter.eventId,
  event_type: deadLetter.eventType,
  attempt_count: deadLetter.attemptCount,
  last_status_code: deadLetter.lastStatusCode,
  last_error: deadLetter.lastError,
  first_error_at: new Date(deadLetter.firstErrorAtMs),
  last_error_at: new Date(deadLetter.lastErrorAtMs),
  recorded_at: new Date(deadLetter.recordedAtMs),
  bytes: deadLetter.bytes,
  detail: deadLetter.detail,
  partition: deadLetter.position.partition,
  offset: deadLetter.position.offset,
  job_id: deadLetter.taken?.jobId ?? null,
  job_chain: deadLetter.taken?.chain ?? null,
  settled_at: deadLetter.settled === null ? null : new Date(deadLetter.settled.atMs),
  settled_by: deadLetter.settled?.by ?? null,
  settled_reason: deadLetter.settled?.reason ?? null,
  ...(deadLetter.isErased === true && { erased: true }),
});

const refOf = (document: DeadLetterDocument): DeadLetterRef =>
  document.origin === null
    ? {
        kind: 'delivery',
        eventId: eventId(document.event_id ?? ''),
        deliveryId: deliveryId(document.delivery_id ?? ''),
        chain: document.chain ?? 0,
      }
    : { kind: 'poison', ...document.origin };

/** Returns the dead letter of a document. */
export const fromDocument = (document: DeadLetterDocument): DeadLetter => ({
  id: deadLetterId(document.letter_id),
  ref: refOf(document),
  state: document.state,
  reason: document.reason,
  workspaceId: document.workspace_id === null ? null : workspaceId(document.workspace_id),
  consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
  subscriptionId: document.subscription_id === null ? null : subscriptionId(document.subscription_id),
  subscriptionVersion: document.subscription_version,
  eventId: document.event_id === null ? null : eventId(document.event_id),
  eventType: document.event_type,
  attemptCount: document.attempt_count,
  lastStatusCode: document.last_status_code,
  lastError: document.last_error,
  firstErrorAtMs: document.first_error_at.getTime(),
  lastErrorAtMs: document.last_error_at.getTime(),
  recordedAtMs: document.recorded_at.getTime(),
  bytes: document.bytes,
  detail: document.detail,
  position: { partition: document.partition, offset: document.offset },
  taken:
    document.job_id === null && document.job_chain === null
      ? null
      : { jobId: document.job_id ?? '', chain: document.job_chain ?? 0 },
  settled:
    document.settled_at === null
      ? null
      : {
          atMs: document.settled_at.getTime(),
          by: document.settled_by ?? '',
          reason: document.settled_reason,
        },
  ...(document.erased === true && { isErased: true }),
});

/** Returns the fields that a settlement sets. */
export const settledFields = ({ how, by, reason, atMs }: Settlement): Partial<DeadLetterDocument> => ({
  state: how,
  settled_at: new Date(atMs),
  settled_by: by,
  settled_reason: reason,
});

/** Returns the document of a dead letter's content. */
export const toContentDocument = (key: string, content: Content): ContentDocument => {
  const { kind } = content;
  switch (kind) {
    case 'delivery': {
      const { state, traceparent, body } = content.command;
      return { _id: key, kind, state_json: JSON.stringify(state), traceparent, body };
    }
    case 'poison':
      return {
        ...{ _id: key, kind, state_json: JSON.stringify(content.poison), traceparent: null },
        body: content.value,
      };
    case 'erased':
      return { _id: key, kind, state_json: 'null', traceparent: null, body: Buffer.alloc(0) };
  }
};

/** Returns the content of a dead letter. It was validated when it was read from the topic. */
export const fromContentDocument = ({ kind, state_json, traceparent, body }: ContentDocument): Content => {
  const state: unknown = JSON.parse(state_json);
  switch (kind) {
    case 'delivery':
      return { kind, command: { state: state as DeliveryState, body, traceparent } };
    case 'poison':
      return { kind, poison: state as RecordPoisoned, value: body };
    case 'erased':
      return { kind };
  }
};

import { consumerIdRule } from '../ids/id-rules.ts';
import type { ConsumerId, EventId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** The scope of an erasure: one event, or everything that is addressed to one consumer or goes to its subscriptions. */
export type ErasureScope =
  | Readonly<{ kind: 'event'; eventId: EventId }>
  | Readonly<{ kind: 'consumer'; consumerId: ConsumerId }>;

/** States that the data of events which were accepted before a time is not to be shown or sent any more. */
export type DataErased = Readonly<{
  type: 'DataErased.v1';
  /** Id of the job that carries the erasure out. */
  erasureId: string;
  workspaceId: WorkspaceId;
  scope: ErasureScope;
  /** Accepted times, epoch milliseconds, exclusive: later events are not covered. */
  beforeMs: number;
  /** Id of the key that requested it. */
  requestedBy: string;
  /** The reason that the caller gave, for the audit log. */
  reason: string | null;
  requestedAtMs: number;
}>;

const check = compileSchema<DataErased>(
  'DataErased.v1',
  exactly({
    type: { const: 'DataErased.v1' },
    erasureId: { type: 'string', pattern: '^job_[0-9a-f]{32}$' },
    workspaceId: shape.workspaceId,
    scope: {
      oneOf: [
        exactly({ kind: { const: 'event' }, eventId: shape.eventId }),
        exactly({ kind: { const: 'consumer' }, consumerId: consumerIdRule }),
      ],
    },
    beforeMs: shape.epochMs,
    requestedBy: shape.text,
    reason: shape.nullableText,
    requestedAtMs: shape.epochMs,
  }),
);

/**
 * Encodes a record of the erasures topic. Each erasure has a key of its own, so compaction never replaces one by an
 * earlier one of the same consumer.
 */
export const encodeErasure = (erasure: DataErased): WireRecord => ({
  key: erasure.erasureId,
  headers: {},
  value: Buffer.from(JSON.stringify(erasure)),
});

/** Decodes a record of the erasures topic other than a tombstone. Throws DecodeError. */
export const decodeErasure = (record: WireRecord): DataErased => {
  if (record.value === null) throw new DecodeError('not a valid DataErased.v1', 'the value is missing');
  return check(parseJson('DataErased.v1', record.value.toString('utf8')));
};

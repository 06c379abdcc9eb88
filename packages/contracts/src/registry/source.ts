import { maxPayloadBytesRule } from '../events/large-data.ts';
import type { ConsumerId, SourceId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import type { SealedSecret } from './subscription.ts';

/**
 * Audiences of the events of a source. internal: only subscriptions of the workspace itself that are `internal` too.
 * broadcast: as published events. addressed: one consumer, and the workspace.
 */
export const sourceAudiences = ['internal', 'broadcast', 'addressed'] as const;
/** See {@link sourceAudiences}. */
export type SourceAudience = (typeof sourceAudiences)[number];

/** A source of third-party webhooks as the compacted topic carries it: all that ingress requires. */
export type SourceRecord = Readonly<{
  type: 'SourceChanged.v1';
  id: SourceId;
  workspaceId: WorkspaceId;
  /** A disabled or deleted source accepts nothing. */
  state: 'active' | 'disabled' | 'deleted';
  /** Grows by one at each write. The newest version wins, regardless of the order of arrival. */
  version: number;
  /** Name of a provider, which the package `inbound` knows. */
  provider: string;
  audience: SourceAudience;
  /** The consumer of an addressed source; null for any other. */
  consumerId: ConsumerId | null;
  /** Options of the provider. */
  options: Readonly<Record<string, string | number>>;
  /** Newest first; one that is not expired must match. The associated data are workspace id, source id and `secrets`. */
  secrets: readonly SealedSecret[];
  /** True: its events may wait on the disk of ingress while the log does not acknowledge. Absent: as its provider has it. */
  spool?: boolean;
  /** Maximum size of a body, in bytes. Absent: as its provider and the installation allow. */
  maxPayloadBytes?: number;
}>;

const check = compileSchema<SourceRecord>(
  'SourceChanged.v1',
  exactly(
    {
      type: { const: 'SourceChanged.v1' },
      id: shape.sourceId,
      workspaceId: shape.workspaceId,
      state: { enum: ['active', 'disabled', 'deleted'] },
      version: { type: 'integer', minimum: 1 },
      provider: shape.text,
      audience: { enum: sourceAudiences },
      consumerId: shape.nullableText,
      options: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
      secrets: {
        type: 'array',
        items: exactly({
          id: shape.text,
          sealed: shape.text,
          createdAtMs: shape.epochMs,
          expiresAtMs: shape.nullableEpochMs,
        }),
      },
    },
    { spool: { type: 'boolean' }, maxPayloadBytes: maxPayloadBytesRule },
  ),
);

/** Encodes a source's newest version. The key is its id. */
export const encodeSource = (source: SourceRecord): WireRecord => ({
  key: source.id,
  headers: {},
  value: Buffer.from(JSON.stringify(source)),
});

/** Decodes a record of the sources topic other than a tombstone. Throws DecodeError. */
export const decodeSource = (record: WireRecord): SourceRecord => {
  if (record.value === null) throw new DecodeError('not a valid SourceChanged.v1', 'the value is missing');
  return check(parseJson('SourceChanged.v1', record.value.toString('utf8')));
};

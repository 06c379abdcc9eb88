import type { WorkspaceId } from './ids.ts';
import { compileSchema, exactly, parseJson, shape } from './schemas.ts';
import { DecodeError, type WireRecord } from './wire.ts';

/**
 * draft: being written, or seen on an event that nobody had registered. active: published to consumers. deprecated: still
 * taken, and every answer says so. archived: refused.
 */
export const eventTypeStates = ['draft', 'active', 'deprecated', 'archived'] as const;
/** See {@link eventTypeStates}. */
export type EventTypeState = (typeof eventTypeStates)[number];

/** What ingress does with data that breaks the active schema: refuse it, take it and say so, or not look. */
export const schemaModes = ['enforce', 'warn', 'off'] as const;
/** See {@link schemaModes}. */
export type SchemaMode = (typeof schemaModes)[number];

/** addressed: each event of the type must name the one consumer that may see it. */
export const eventTypeAudiences = ['broadcast', 'addressed'] as const;
/** See {@link eventTypeAudiences}. */
export type EventTypeAudience = (typeof eventTypeAudiences)[number];

/** An event type as the compacted topic carries it: all that ingress needs. Older schemas stay in the registry. */
export type EventTypeRecord = Readonly<{
  type: 'EventTypeChanged.v1';
  workspaceId: WorkspaceId;
  name: string;
  /** Grows by one at each write. The newest version wins, in whatever order versions arrive. */
  version: number;
  state: EventTypeState;
  mode: SchemaMode;
  audience: EventTypeAudience;
  /** The active schema (JSON Schema 2020-12) and which version of the type's schemas it is; null where there is none. */
  schema: Readonly<{ version: number; schema: Readonly<Record<string, unknown>> }> | null;
  /** Since when, or from when on, the type is deprecated; null when it is not. */
  deprecatedAtMs: number | null;
  /** When events of the type are to end; null when that is not known. Nothing happens by itself at that time. */
  sunsetAtMs: number | null;
}>;

const checkEventType = compileSchema<EventTypeRecord>(
  'EventTypeChanged.v1',
  exactly({
    type: { const: 'EventTypeChanged.v1' },
    workspaceId: shape.workspaceId,
    name: shape.text,
    version: { type: 'integer', minimum: 1 },
    state: { enum: eventTypeStates },
    mode: { enum: schemaModes },
    audience: { enum: eventTypeAudiences },
    schema: {
      oneOf: [
        { type: 'null' },
        exactly({ version: { type: 'integer', minimum: 1 }, schema: { type: 'object' } }),
      ],
    },
    deprecatedAtMs: shape.nullableEpochMs,
    sunsetAtMs: shape.nullableEpochMs,
  }),
);

/** The key of an event type's records: `<workspace>/<name>`. Neither part can hold a slash. */
export const eventTypeKey = (workspace: WorkspaceId, name: string): string => `${workspace}/${name}`;

/** The record of an event type's newest version. */
export const encodeEventType = (eventType: EventTypeRecord): WireRecord => ({
  key: eventTypeKey(eventType.workspaceId, eventType.name),
  headers: {},
  value: Buffer.from(JSON.stringify(eventType)),
});

/** Decodes a record of the event-types topic that is no tombstone. Throws DecodeError. */
export const decodeEventType = (record: WireRecord): EventTypeRecord => {
  if (record.value === null) throw new DecodeError('not a valid EventTypeChanged.v1', 'the value is missing');
  const decoded = checkEventType(parseJson('EventTypeChanged.v1', record.value.toString('utf8')));
  const key = eventTypeKey(decoded.workspaceId, decoded.name);
  if (record.key !== key) {
    throw new DecodeError(
      'not a valid EventTypeChanged.v1',
      `it is of '${key}', its key says '${record.key}'`,
    );
  }
  return decoded;
};

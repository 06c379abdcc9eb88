import type { WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * States of an event type. draft: being written, or seen on an event without a registered type. active: published to
 * consumers. deprecated: still accepted, and every response reports it. archived: refused.
 */
export const eventTypeStates = ['draft', 'active', 'deprecated', 'archived'] as const;
/** See {@link eventTypeStates}. */
export type EventTypeState = (typeof eventTypeStates)[number];

/**
 * Treatment at ingress of data that violates the active schema: refuse it, accept it with a warning, or skip the check.
 */
export const schemaModes = ['enforce', 'warn', 'off'] as const;
/** See {@link schemaModes}. */
export type SchemaMode = (typeof schemaModes)[number];

/** Audiences of an event type. addressed: each event must name the one consumer that may see it. */
export const eventTypeAudiences = ['broadcast', 'addressed'] as const;
/** See {@link eventTypeAudiences}. */
export type EventTypeAudience = (typeof eventTypeAudiences)[number];

/** An event type as the compacted topic carries it: all that ingress requires. Older schemas stay in the registry. */
export type EventTypeRecord = Readonly<{
  type: 'EventTypeChanged.v1';
  workspaceId: WorkspaceId;
  name: string;
  /** Grows by one at each write. The newest version wins, regardless of the order of arrival. */
  version: number;
  state: EventTypeState;
  mode: SchemaMode;
  audience: EventTypeAudience;
  /** Active schema (JSON Schema 2020-12) and its version among the schemas of the type; null if there is none. */
  schema: Readonly<{ version: number; schema: Readonly<Record<string, unknown>> }> | null;
  /** Time, past or future, from which the type is deprecated; null if it is not. */
  deprecatedAtMs: number | null;
  /** Planned end of events of the type; null if unknown. Nothing happens automatically at that time. */
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

/** Returns the key of an event type's records: `<workspace>/<name>`. Neither part can hold a slash. */
export const eventTypeKey = (workspace: WorkspaceId, name: string): string => `${workspace}/${name}`;

/** Encodes an event type's newest version. */
export const encodeEventType = (eventType: EventTypeRecord): WireRecord => ({
  key: eventTypeKey(eventType.workspaceId, eventType.name),
  headers: {},
  value: Buffer.from(JSON.stringify(eventType)),
});

/** Decodes a record of the event-types topic other than a tombstone. Throws DecodeError. */
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

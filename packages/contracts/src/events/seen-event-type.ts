import type { WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * An unregistered name: seen in an open workspace, on an event or in a subscription, or on an event of a source. Each
 * process reports a name once.
 */
export type EventTypeSeen = Readonly<{
  type: 'EventTypeSeen.v1';
  workspaceId: WorkspaceId;
  name: string;
  /** Present if a source received it: a strict workspace catalogues it too, since nobody can register it before. */
  isReceived?: true;
}>;

const check = compileSchema<EventTypeSeen>(
  'EventTypeSeen.v1',
  exactly(
    { type: { const: 'EventTypeSeen.v1' }, workspaceId: shape.workspaceId, name: shape.text },
    { isReceived: { const: true } },
  ),
);

/**
 * Encodes a record of the seen-event-types topic. Its key is the workspace, so that one reader counts for a workspace.
 */
export const encodeEventTypeSeen = (fact: EventTypeSeen): WireRecord => ({
  key: fact.workspaceId,
  headers: {},
  value: Buffer.from(JSON.stringify(fact)),
});

/** Decodes a record of the seen-event-types topic. Throws DecodeError. */
export const decodeEventTypeSeen = (record: WireRecord): EventTypeSeen => {
  if (record.value === null) throw new DecodeError('not a valid EventTypeSeen.v1', 'the value is missing');
  return check(parseJson('EventTypeSeen.v1', record.value.toString('utf8')));
};

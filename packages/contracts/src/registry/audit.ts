import type { ConsumerId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An entry of the audit log: a change to the registry, its author, and the changed fields with secrets masked. */
export type AuditRecorded = Readonly<{
  type: 'AuditRecorded.v1';
  /** Later entries have larger ids. A crash can write an entry twice. */
  id: string;
  atMs: number;
  operation: string;
  /** Kind of document, such as `subscription`. */
  kind: string;
  entityId: string;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  /** Version of the document that the change created. */
  version: number;
  /** Both are null for a change by Tidings itself. */
  actor: Readonly<{ keyId: string | null; address: string | null }>;
  /** null for a creation. */
  before: Fields | null;
  after: Fields;
}>;

const check = compileSchema<AuditRecorded>(
  'AuditRecorded.v1',
  exactly({
    type: { const: 'AuditRecorded.v1' },
    id: shape.text,
    atMs: shape.epochMs,
    operation: shape.text,
    kind: shape.text,
    entityId: shape.text,
    workspaceId: shape.workspaceId,
    consumerId: shape.nullableText,
    version: { type: 'integer', minimum: 1 },
    actor: exactly({ keyId: shape.nullableText, address: shape.nullableText }),
    before: { type: ['object', 'null'] },
    after: { type: 'object' },
  }),
);

/** Encodes a record of the audit topic; its key is the workspace id. */
export const encodeAudit = (entry: AuditRecorded): WireRecord => ({
  key: entry.workspaceId,
  headers: {},
  value: Buffer.from(JSON.stringify(entry)),
});

/** Decodes a record of the audit topic. Throws DecodeError. */
export const decodeAudit = (record: WireRecord): AuditRecorded => {
  if (record.value === null) throw new DecodeError('not a valid AuditRecorded.v1', 'the value is missing');
  return check(parseJson('AuditRecorded.v1', record.value.toString('utf8')));
};

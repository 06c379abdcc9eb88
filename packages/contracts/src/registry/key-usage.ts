import type { WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** Usage of a key. Each process that accepts requests reports it once a minute, not for each request. */
export type KeyUsed = Readonly<{
  type: 'KeyUsed.v1';
  keyId: string;
  workspaceId: WorkspaceId;
  /** Epoch milliseconds. */
  atMs: number;
}>;

const check = compileSchema<KeyUsed>(
  'KeyUsed.v1',
  exactly({
    type: { const: 'KeyUsed.v1' },
    keyId: shape.text,
    workspaceId: shape.workspaceId,
    atMs: shape.epochMs,
  }),
);

/** Encodes a record of the key-usage topic; its key is the id of the API key. */
export const encodeKeyUsed = (fact: KeyUsed): WireRecord => ({
  key: fact.keyId,
  headers: {},
  value: Buffer.from(JSON.stringify(fact)),
});

/** Decodes a record of the key-usage topic. Throws DecodeError. */
export const decodeKeyUsed = (record: WireRecord): KeyUsed => {
  if (record.value === null) throw new DecodeError('not a valid KeyUsed.v1', 'the value is missing');
  return check(parseJson('KeyUsed.v1', record.value.toString('utf8')));
};

import { gunzipSync, gzipSync } from 'node:zlib';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/**
 * A whole document of the registry as its database stores it, from which a lost database is restored. Only the service
 * that owns the registry reads and writes it; secrets inside are sealed.
 */
export type DocumentCopied = Readonly<{
  type: 'DocumentCopied.v1';
  /** Kind of document, such as `subscription`. */
  kind: string;
  /** The fields of the database, checked by the schema of the kind. `schema_version` says which one that is. */
  document: Readonly<{ _id: string; version: number; schema_version: number; state: string }> &
    Readonly<Record<string, unknown>>;
}>;

const name = 'DocumentCopied.v1';
const version = { type: 'integer', minimum: 1 };

const check = compileSchema<DocumentCopied>(
  name,
  exactly({
    type: { const: name },
    kind: { type: 'string', pattern: '^[a-z][a-z_-]*$' },
    document: {
      type: 'object',
      properties: { _id: shape.text, version, schema_version: version, state: shape.text },
      required: ['_id', 'version', 'schema_version', 'state'],
    },
  }),
);

// The schemas of one event type may have 1 MiB, which does not fit into a record as it is.
const compressedAboveBytes = 65_536;
const maxBytes = 16 * 1_024 * 1_024;
const encodingHeader = 'encoding';

/** Returns the key of a copy: the same for all versions of one document. */
export const documentCopyKey = (kind: string, id: string): string => `${kind}/${id}`;

/** Returns the JSON text of a copy before it is compressed. */
export const textOfDocumentCopy = (copy: DocumentCopied): string => JSON.stringify(copy);

/** Encodes a copy. Values above 64 KiB are compressed with gzip, which the header `encoding` says. */
export const encodeDocumentCopy = (copy: DocumentCopied): WireRecord => {
  const key = documentCopyKey(copy.kind, copy.document._id);
  const value = Buffer.from(textOfDocumentCopy(copy));
  return value.length <= compressedAboveBytes
    ? { key, headers: {}, value }
    : { key, headers: { [encodingHeader]: 'gzip' }, value: gzipSync(value) };
};

/** Returns the JSON text of a copy, decompressed. Throws DecodeError. */
export const documentCopyText = ({ headers, value }: WireRecord): string => {
  if (value === null) throw new DecodeError(`not a valid ${name}`, 'the value is missing');
  const encoding = headers[encodingHeader];
  if (encoding === undefined) return value.toString('utf8');
  if (encoding !== 'gzip') {
    throw new DecodeError(
      `not a valid ${name}`,
      `its encoding must be gzip or absent, got '${encoding.slice(0, 40)}'`,
    );
  }
  try {
    return gunzipSync(value, { maxOutputLength: maxBytes }).toString('utf8');
  } catch (error) {
    throw new DecodeError(`not a valid ${name}`, `does not decompress (${(error as Error).message})`);
  }
};

/** Decodes a copy other than a tombstone. The fields of its document are left to the schema of its kind. Throws DecodeError. */
export const decodeDocumentCopy = (record: WireRecord): DocumentCopied => {
  const copy = check(parseJson(name, documentCopyText(record)));
  const key = documentCopyKey(copy.kind, copy.document._id);
  if (record.key !== key)
    throw new DecodeError(`not a valid ${name}`, `it is of '${key}', its key says '${record.key}'`);
  return copy;
};

import { expect, it } from 'vitest';
import { type DocumentCopied, decodeDocumentCopy, encodeDocumentCopy } from './document-copy.ts';

const copy: DocumentCopied = {
  type: 'DocumentCopied.v1',
  kind: 'event_type',
  document: { _id: 'main/order.paid', version: 3, schema_version: 2, state: 'active', 'a.b': { $c: null } },
};

it('decodes a copy unchanged, keyed by its kind and id', () => {
  const record = encodeDocumentCopy(copy);
  expect([record.key, record.headers]).toEqual(['event_type/main/order.paid', {}]);
  expect(decodeDocumentCopy(record)).toEqual(copy);
});

it('compresses a large copy, so that the largest document fits into a record', () => {
  const text = Array.from({ length: 50_000 }, (_, at) => `{"field_${at}":"string"}`).join();
  const large = { ...copy, document: { ...copy.document, schemas: [text] } };
  const record = encodeDocumentCopy(large);
  expect(text.length).toBeGreaterThan(1_000_000);
  expect(record.value?.length).toBeLessThan(500_000);
  expect(decodeDocumentCopy(record)).toEqual(large);
});

it('refuses anything else', () => {
  const record = encodeDocumentCopy(copy);
  const decoded = (over: object) => () => decodeDocumentCopy({ ...record, ...over });
  expect(decoded({ value: null })).toThrow(/missing/);
  expect(decoded({ value: Buffer.from('{') })).toThrow(/not JSON/);
  expect(decoded({ value: Buffer.from(JSON.stringify({ ...copy, other: 1 })) })).toThrow(/'other'/);
  expect(decoded({ value: Buffer.from(JSON.stringify({ ...copy, document: {} })) })).toThrow(/_id/);
  expect(decoded({ headers: { encoding: 'gzip' } })).toThrow(/does not decompress/);
  expect(decoded({ headers: { encoding: 'br' } })).toThrow(/got 'br'/);
  expect(decoded({ key: 'event_type/main/other' })).toThrow(/its key says/);
});

import { workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { begin, defaultSettings } from '../event-types/domain/event-type.ts';
import { eventTypeKind } from '../event-types/event-type-kind.ts';
import { copyDigestOf } from './copy-digest.ts';
import { documentReader } from './define-documents.ts';

const schema = {
  type: 'object',
  properties: { _id: { type: 'string' }, schema_version: { const: 3 }, full_name: { type: 'string' } },
  required: ['_id', 'schema_version', 'full_name'],
  additionalProperties: false,
};
const read = documentReader<{ full_name: string }>({
  name: 'person',
  schema,
  schemaVersion: 3,
  steps: {
    1: ({ first, last, ...rest }) => ({ ...rest, name: `${String(first)} ${String(last)}` }),
    2: ({ name, ...rest }) => ({ ...rest, full_name: name }),
  },
});

const messageFor = (raw: unknown, reader: (raw: unknown) => unknown = read): string => {
  try {
    reader(raw);
  } catch (error) {
    if (error instanceof AppError && error.code === 'undecodable') return error.message;
    throw error;
  }
  return 'nothing thrown';
};

it('digests a copy as its record is digested, whether that is compressed or not', () => {
  const digests = [10, 100_000].map((length) => {
    const schemaJson = JSON.stringify({ title: 'x'.repeat(length) });
    const entity = begin(
      {
        ...{ workspaceId: workspaceId('ws_own'), name: 'order.paid', origin: 'registered', state: 'active' },
        ...{ settings: defaultSettings, schemas: [{ version: 1, schemaJson }], activeSchema: 1 },
      },
      1,
    );
    const record = eventTypeKind.encodeCopy(entity);
    expect(record.headers).toEqual(length > 65_536 ? { encoding: 'gzip' } : {});
    expect(eventTypeKind.copyDigest(entity)).toBe(copyDigestOf(record));
    return eventTypeKind.copyDigest(entity);
  });
  expect(new Set(digests).size).toBe(2);
});

describe('documents', () => {
  it('of an older schema are migrated step by step', () => {
    const now = { _id: 'a', schema_version: 3, full_name: 'Ada Byron' };
    expect(read({ _id: 'a', schema_version: 1, first: 'Ada', last: 'Byron' })).toEqual(now);
    expect(read({ _id: 'a', schema_version: 2, name: 'Ada Byron' })).toEqual(now);
    expect(read(now)).toEqual(now);
  });

  it('of a newer release, or without a version, are rejected', () => {
    expect(messageFor({ _id: 'a', schema_version: 4, full_name: 'x' })).toContain('this release supports 3');
    expect(messageFor({ _id: 'a', schema_version: 0 })).toContain('no step leads away');
    expect(messageFor({ _id: 'a', full_name: 'x' })).toContain('breaks its schema');
    expect(messageFor(null)).toContain('without id');
  });

  it('are validated after the last step', () => {
    expect(messageFor({ _id: 'a', schema_version: 2, name: 7 })).toContain('/full_name must be string');
    expect(messageFor({ _id: 'a', schema_version: 3, full_name: 'x', more: 1 })).toContain('additional');
  });
});

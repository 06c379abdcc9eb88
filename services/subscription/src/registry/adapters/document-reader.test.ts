import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import {
  fromDocument,
  readSubscriptionDocument,
  toDocument,
} from '../../subscriptions/adapters/subscription-document.ts';
import { documentReader } from './document-reader.ts';

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

describe('documents', () => {
  it('of an older schema are brought up step by step', () => {
    const now = { _id: 'a', schema_version: 3, full_name: 'Ada Byron' };
    expect(read({ _id: 'a', schema_version: 1, first: 'Ada', last: 'Byron' })).toEqual(now);
    expect(read({ _id: 'a', schema_version: 2, name: 'Ada Byron' })).toEqual(now);
    expect(read(now)).toEqual(now);
  });

  it('of a newer release, or of none, are refused', () => {
    expect(messageFor({ _id: 'a', schema_version: 4, full_name: 'x' })).toContain('this release knows 3');
    expect(messageFor({ _id: 'a', schema_version: 0 })).toContain('no step leads away');
    expect(messageFor({ _id: 'a', full_name: 'x' })).toContain('breaks its schema');
    expect(messageFor(null)).toContain('without id');
  });

  it('are checked after the last step', () => {
    expect(messageFor({ _id: 'a', schema_version: 2, name: 7 })).toContain('/full_name must be string');
    expect(messageFor({ _id: 'a', schema_version: 3, full_name: 'x', more: 1 })).toContain('additional');
  });
});

describe('the document of a subscription', () => {
  it('is the subscription again when it is read', () => {
    const subscription = aSubscription({
      settings: { filters: { $and: [{ 'a.b': 1 }] }, headers: { 'X.Y': 'z' } },
    });
    expect(fromDocument(readSubscriptionDocument(toDocument(subscription)))).toEqual(subscription);
  });

  it('has no field name that MongoDB could take for an operator or a path', () => {
    const names: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, field] of Object.entries(value)) {
        names.push(name);
        collect(field);
      }
    };
    collect(
      toDocument(aSubscription({ settings: { filters: { $or: [{ 'a.b': 1 }] }, headers: { '$x.y': 'z' } } })),
    );
    expect(names.filter((name) => /[.$]/.test(name))).toEqual([]);
  });

  it('is refused with a field that is missing or too many', () => {
    const { version: _, ...incomplete } = toDocument(aSubscription());
    expect(messageFor(incomplete, readSubscriptionDocument)).toContain("'version'");
    expect(messageFor({ ...toDocument(aSubscription()), extra: 1 }, readSubscriptionDocument)).toContain(
      'additional',
    );
  });
});

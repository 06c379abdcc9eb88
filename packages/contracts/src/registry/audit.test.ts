import { expect, it } from 'vitest';
import { workspaceId } from '../ids/ids.ts';
import { type AuditRecorded, decodeAudit, encodeAudit } from './audit.ts';

const entry: AuditRecorded = {
  type: 'AuditRecorded.v1',
  id: 'aud_019aab3cf40000000002a1b2c3d4e5f6',
  atMs: 1_790_000_000_000,
  operation: 'changed',
  kind: 'subscription',
  entityId: 'sub_1',
  workspaceId: workspaceId('main'),
  consumerId: null,
  version: 2,
  actor: { keyId: 'key_1', address: '192.0.2.7' },
  before: { 'a.b': 1 },
  after: { 'a.b': { $set: 2 } },
};

it('decodes an audit entry unchanged, keyed by its workspace', () => {
  expect(encodeAudit(entry).key).toBe('main');
  expect(decodeAudit(encodeAudit(entry))).toEqual(entry);
});

it('refuses anything else', () => {
  const withValue = (value: Buffer | null) => () => decodeAudit({ key: null, headers: {}, value });
  expect(withValue(null)).toThrow(/missing/);
  expect(withValue(Buffer.from('{'))).toThrow(/not JSON/);
  expect(withValue(Buffer.from(JSON.stringify({ ...entry, version: 0 })))).toThrow(/version/);
});

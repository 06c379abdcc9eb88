import { describe, expect, it } from 'vitest';
import { consumerId, workspaceId } from '../ids/ids.ts';
import { DecodeError } from '../wire/wire.ts';
import { type AccessRecord, accessKeyOf, decodeAccess, encodeAccess } from './access.ts';
import { decodeKeyUsed, encodeKeyUsed } from './key-usage.ts';

const ws = workspaceId('ws_1');
const records: readonly AccessRecord[] = [
  {
    type: 'WorkspaceChanged.v1',
    id: ws,
    version: 1,
    state: 'active',
    name: 'Shop',
    eventTypePolicy: 'strict',
    allowHttp: false,
    maxSubscriptions: 1_000,
    disableAfterFailures: 100,
    notice: { sealedUrl: 'v1.k.a.b.c', style: 'slack' },
  },
  {
    type: 'ConsumerChanged.v1',
    id: consumerId('a/b'),
    workspaceId: ws,
    version: 2,
    state: 'disabled',
    name: null,
  },
  {
    type: 'ApiKeyChanged.v1',
    id: 'key_1',
    workspaceId: ws,
    consumerId: null,
    version: 3,
    state: 'revoked',
    hash: 'ab'.repeat(32),
    prefix: 'tdk_abcd',
    scopes: ['admin', 'platform'],
    expiresAtMs: null,
    requestsPerSecond: 0.5,
  },
  {
    type: 'TokenKeyChanged.v1',
    id: 'ws_1/1',
    workspaceId: ws,
    version: 1,
    state: 'active',
    jwk: { kty: 'OKP', crv: 'Ed25519', x: 'abc' },
  },
];

describe('records of the access topic', () => {
  it('are decoded unchanged, each kind', () => {
    for (const record of records) expect(decodeAccess(encodeAccess(record))).toEqual(record);
  });

  it('have keys that no other record has', () => {
    expect(records.map(accessKeyOf)).toEqual([
      'workspace/ws_1',
      'consumer/ws_1/a/b',
      'api-key/key_1',
      'token-key/ws_1/1',
    ]);
  });

  it.each([
    ['of a type unknown here', { ...records[0], type: 'WorkspaceChanged.v2' }],
    ['with a field too many', { ...records[1], more: 1 }],
    ['with a retention of no days', { ...records[0], retentionDays: 0 }],
    ['with a scope that there is not', { ...records[2], scopes: ['root'] }],
    ['with a hash that is none', { ...records[2], hash: 'tdk_secret' }],
    ['that are no object', 'x'],
  ])('%s are refused', (_, value) => {
    const wire = { key: 'k', headers: {}, value: Buffer.from(JSON.stringify(value)) };
    expect(() => decodeAccess(wire)).toThrow(DecodeError);
  });

  it('are refused without a value', () => {
    expect(() => decodeAccess({ key: 'k', headers: {}, value: null })).toThrow(DecodeError);
    expect(() => decodeKeyUsed({ key: 'k', headers: {}, value: null })).toThrow(DecodeError);
  });
});

it('decodes a workspace with a retention of its own unchanged', () => {
  const record = { ...records[0], retentionDays: 7 } as AccessRecord;
  expect(decodeAccess(encodeAccess(record))).toEqual(record);
});

it('decodes the use of a key unchanged', () => {
  const fact = { type: 'KeyUsed.v1', keyId: 'key_1', workspaceId: ws, atMs: 5 } as const;
  expect(decodeKeyUsed(encodeKeyUsed(fact))).toEqual(fact);
  expect(encodeKeyUsed(fact).key).toBe('key_1');
});

import { type AuditRecorded, consumerId, workspaceId } from '@tidings/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditFilters, AuditStore } from '../../src/audit/ports.ts';

/** Returns an audit entry. */
export const anAuditEntry = (over: Partial<AuditRecorded> = {}): AuditRecorded => ({
  type: 'AuditRecorded.v1',
  id: 'aud_1',
  atMs: 1_790_000_000_000,
  operation: 'changed',
  kind: 'subscription',
  entityId: 'sub_1',
  workspaceId: workspaceId('ws_demo'),
  consumerId: consumerId('acme'),
  version: 2,
  actor: { keyId: 'key_1', address: '192.0.2.7' },
  before: { 'a.b': 1 },
  after: { 'a.b': { $set: 2 } },
  ...over,
});

let tests = 0;

/** Contract tests of every audit store. `open` returns one that other tests may use as well. */
export function describeAuditStore(name: string, open: () => AuditStore): void {
  describe(`${name}, as an audit store`, () => {
    let store: AuditStore;
    let everything: AuditFilters;
    let prefix: string;
    beforeEach(() => {
      tests += 1;
      store = open();
      prefix = `aud_${process.pid}_${tests}_`;
      everything = { workspaceId: workspaceId(`ws_audit_${tests}`), ownerId: null };
    });
    const entryOf = (n: number, over: Partial<AuditRecorded> = {}): AuditRecorded =>
      anAuditEntry({ id: `${prefix}${n}`, workspaceId: everything.workspaceId, ...over });
    const insert = async (...entries: readonly AuditRecorded[]) => {
      const from = await store.nextOffset();
      await store.insert(entries.map((entry, at) => ({ entry, offset: from + at })));
    };
    const list = async (filters: Partial<AuditFilters>, limit = 100, afterId: string | null = null) =>
      store.list({ ...everything, ...filters }, { limit, afterId });
    const numbers = async (...given: Parameters<typeof list>) =>
      (await list(...given)).map(({ id }) => Number(id.slice(prefix.length)));

    it('returns an entry as it was inserted, once', async () => {
      const entry = entryOf(1);
      await insert(entry);
      await insert({ ...entry, operation: 'forged' });
      const system = entryOf(0, { actor: { keyId: null, address: null }, before: null });
      await insert(system);
      expect(await list({})).toEqual([entry, system]);
    });

    it('continues behind its newest offset', async () => {
      const from = await store.nextOffset();
      await store.insert([
        { entry: entryOf(2), offset: from + 12 },
        { entry: entryOf(1), offset: from + 7 },
      ]);
      expect(await store.nextOffset()).toBe(from + 13);
    });

    it('lists newest first, in pages, by its filters, and counts', async () => {
      await insert(
        entryOf(1, { atMs: 1_000 }),
        entryOf(2, { atMs: 2_000, kind: 'consumer', entityId: 'acme' }),
        entryOf(3, { atMs: 3_000, consumerId: null, actor: { keyId: 'key_2', address: null } }),
        entryOf(4, { atMs: 4_000, workspaceId: workspaceId('ws_audit_other') }),
      );
      expect(await numbers({}, 1)).toEqual([3]);
      expect(await numbers({}, 5, `${prefix}3`)).toEqual([2, 1]);
      expect(await numbers({ kind: 'consumer' })).toEqual([2]);
      expect(await numbers({ entityId: 'sub_1' })).toEqual([3, 1]);
      expect(await numbers({ keyId: 'key_2' })).toEqual([3]);
      expect(await numbers({ afterMs: 1_000, beforeMs: 3_000 })).toEqual([2]);
      expect(await numbers({ ownerId: consumerId('acme') })).toEqual([2, 1]);
      expect(await store.count(everything)).toBe(3);
      expect(await store.count({ ...everything, kind: 'consumer' })).toBe(1);
      expect(await store.count({ ...everything, keyId: 'key_9' })).toBe(0);
    });
  });
}

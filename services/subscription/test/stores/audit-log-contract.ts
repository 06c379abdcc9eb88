import { consumerId } from '@tidings/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/registry/domain/audit-entry.ts';
import type { AuditLog, AuditQuery } from '../../src/registry/ports.ts';
import { acme, anEntry, otherWorkspace, ownScope } from '../a-subscription.ts';

const everything: AuditQuery = { kind: null, entityId: null, keyId: null, afterId: null, limit: 100 };

/**
 * Contract tests of every audit log. `create` opens an empty one; `loseEntry` leaves what a crash between the mark and
 * its entry leaves.
 */
export function describeAuditLog(
  name: string,
  create: () => Promise<AuditLog>,
  loseEntry: (log: AuditLog, id: string) => Promise<void>,
): void {
  describe(`${name}, as an audit log`, () => {
    let log: AuditLog;
    beforeEach(async () => {
      log = await create();
    });
    const appended = async (overrides: Partial<AuditEntry>): Promise<AuditEntry> => {
      const entry = { ...anEntry, ...overrides };
      await log.append(entry);
      return entry;
    };
    const ids = async (query: Partial<AuditQuery>, scope = ownScope): Promise<string[]> =>
      (await log.list(scope, { ...everything, ...query })).items.map(({ id }) => id);

    it('returns an entry as it was appended, once, and never changes it', async () => {
      const system = await appended({ id: 'aud_2', actor: { keyId: null, address: null }, before: null });
      const entry = await appended({});
      await log.append({ ...entry, operation: 'forged' });
      expect((await log.list(ownScope, everything)).items).toEqual([system, entry]);
    });

    it('lists newest first, in pages, by kind, entity and key', async () => {
      await appended({ id: 'aud_1' });
      await appended({ id: 'aud_2', kind: 'consumer', entityId: 'acme' });
      await appended({ id: 'aud_3', actor: { keyId: 'key_2', address: null } });
      expect(await ids({})).toEqual(['aud_3', 'aud_2', 'aud_1']);
      const first = await log.list(ownScope, { ...everything, limit: 2 });
      expect(first.nextAfterId).toBe('aud_2');
      expect(await ids({ afterId: first.nextAfterId })).toEqual(['aud_1']);
      expect((await log.list(ownScope, { ...everything, limit: 3 })).nextAfterId).toBeNull();
      expect(await ids({ kind: 'consumer' })).toEqual(['aud_2']);
      expect(await ids({ entityId: 'sub_1' })).toEqual(['aud_3', 'aud_1']);
      expect(await ids({ keyId: 'key_2' })).toEqual(['aud_3']);
    });

    it('lists entries between two times, exclusive of both', async () => {
      for (const n of [1, 2, 3]) await appended({ id: `aud_${n}`, atMs: n * 1_000 });
      expect(await ids({ afterMs: 1_000 })).toEqual(['aud_3', 'aud_2']);
      expect(await ids({ beforeMs: 3_000 })).toEqual(['aud_2', 'aud_1']);
      expect(await ids({ afterMs: 1_000, beforeMs: 3_000 })).toEqual(['aud_2']);
      expect(await ids({ afterMs: 1_500, afterId: 'aud_3' })).toEqual(['aud_2']);
    });

    it('marks each new entry as unpublished, and again when it is appended again', async () => {
      const first = await appended({ id: 'aud_1' });
      const second = await appended({ id: 'aud_2' });
      expect(await log.listUnpublished(1)).toEqual([first]);
      await log.markPublished(['aud_1', 'aud_gone']);
      expect(await log.listUnpublished(10)).toEqual([second]);
      await log.append(first);
      expect(await log.listUnpublished(10)).toEqual([first, second]);
      await log.markPublished(['aud_1', 'aud_2']);
      expect(await log.listUnpublished(10)).toEqual([]);
    });

    it('restores an entry as published, once, and never changes one that it has', async () => {
      const entry = { ...anEntry, id: 'aud_1' };
      expect(await log.restore(entry)).toBe(true);
      expect(await log.restore({ ...entry, operation: 'forged' })).toBe(false);
      expect((await log.list(ownScope, everything)).items).toEqual([entry]);
      expect(await log.listUnpublished(10)).toEqual([]);
    });

    it('lists what is not published however many older entries are missing', async () => {
      for (const n of [1, 2, 3, 4, 5]) await loseEntry(log, `aud_${n}`);
      const entry = await appended({ id: 'aud_6' });
      expect(await log.listUnpublished(2)).toEqual([entry]);
      await log.markPublished(['aud_6']);
      expect(await log.listUnpublished(2)).toEqual([]);
    });

    it('lists what is not copied yet, until the whole log is', async () => {
      const first = await appended({ id: 'aud_1' });
      const second = await appended({ id: 'aud_2' });
      expect(await log.listUncopied(1)).toEqual([first]);
      await log.markCopied('aud_1');
      expect(await log.listUncopied(10)).toEqual([second]);
      await log.markCopied('aud_2');
      expect(await log.listUncopied(10)).toEqual([]);
      await log.markCopied(null);
      await appended({ id: 'aud_3' });
      expect(await log.listUncopied(10)).toEqual([]);
      await log.markPublished(['aud_1', 'aud_2']);
      expect((await log.listUnpublished(10)).map(({ id }) => id)).toEqual(['aud_3']);
    });

    it('does not show documents of another workspace, or of another consumer to a key of a consumer', async () => {
      await appended({ id: 'aud_1' });
      await appended({ id: 'aud_2', workspaceId: otherWorkspace });
      await appended({ id: 'aud_3', consumerId: null });
      expect(await ids({})).toEqual(['aud_3', 'aud_1']);
      expect(await ids({}, { ...ownScope, consumerId: acme as never })).toEqual(['aud_1']);
      expect(await ids({}, { ...ownScope, consumerId: consumerId('globex') as never })).toEqual([]);
      expect(await log.find(ownScope, 'aud_1')).toMatchObject({ id: 'aud_1' });
      expect(await log.find(ownScope, 'aud_2')).toBeNull();
      expect(await log.find({ ...ownScope, consumerId: acme as never }, 'aud_3')).toBeNull();
      expect(await log.find(ownScope, 'aud_gone')).toBeNull();
    });
  });
}

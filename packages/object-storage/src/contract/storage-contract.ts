import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { minPartBytes, type ObjectStorage, type Upload } from '../object-storage.ts';

/** Opens an empty storage, and closes it. */
export type StorageHarness = Readonly<{ open: () => Promise<ObjectStorage>; close: () => Promise<void> }>;

const bytes = (fill: string, length = minPartBytes): Buffer => Buffer.alloc(length, fill);

/** Defines the contract tests of every {@link ObjectStorage}. Imported by tests only: it imports vitest. */
export function describeStorage(name: string, { open, close }: StorageHarness): void {
  describe(`${name} keeps the contract of object storage`, () => {
    let storage: ObjectStorage;
    beforeEach(async () => {
      storage = await open();
    });
    afterEach(async () => {
      await storage.close();
      await close();
    });

    const read = async (key: string): Promise<Buffer | null> => {
      const found = await storage.get(key);
      return found === null ? null : buffer(found.body);
    };
    const stored = async (key: string, ...bodies: readonly Buffer[]) => {
      const upload = await storage.startUpload(key);
      const parts = [];
      for (const [at, body] of bodies.entries()) parts.push(await storage.putPart(upload, at + 1, body));
      return storage.completeUpload(upload, parts);
    };
    const keysOf = async (prefix: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of storage.list(prefix)) keys.push(key);
      return keys.toSorted();
    };

    it('joins the parts of an upload in order', async () => {
      const upload = await storage.startUpload('a/joined.csv');
      const second = await storage.putPart(upload, 2, Buffer.from('end'));
      const first = await storage.putPart(upload, 1, bytes('1'));
      expect(second).toMatchObject({ number: 2, bytes: 3 });
      const object = await storage.completeUpload(upload, [first, second]);
      expect(object).toMatchObject({ key: 'a/joined.csv', bytes: minPartBytes + 3 });
      const content = await read('a/joined.csv');
      expect(content?.equals(Buffer.concat([bytes('1'), Buffer.from('end')]))).toBe(true);
    });

    it('shows nothing of an upload before it is complete', async () => {
      const upload = await storage.startUpload('shown/open');
      await storage.putPart(upload, 1, Buffer.from('x'));
      expect(await storage.head('shown/open')).toBeNull();
      expect(await read('shown/open')).toBeNull();
      expect(await keysOf('shown/')).toEqual([]);
      await storage.abortUpload(upload);
    });

    it('continues an upload after a crash with its finished parts, and replaces the part in progress', async () => {
      const { key, id } = await storage.startUpload('a/resumed');
      const first = await storage.putPart({ key, id }, 1, bytes('1'));
      await storage.putPart({ key, id }, 2, bytes('x', 10));
      // Another process knows the id and the first part only.
      const again: Upload = { key, id };
      const second = await storage.putPart(again, 2, bytes('2', 7));
      await storage.completeUpload(again, [first, second]);
      expect((await read(key))?.subarray(minPartBytes).toString()).toBe('2222222');
    });

    it('completes an upload once: a repeat returns the same object', async () => {
      const upload = await storage.startUpload('a/twice');
      const parts = [await storage.putPart(upload, 1, Buffer.from('x'))];
      const object = await storage.completeUpload(upload, parts);
      expect(await storage.completeUpload(upload, parts)).toEqual(object);
      expect((await read('a/twice'))?.toString()).toBe('x');
    });

    it('never completes with another content than that of the given parts', async () => {
      const upload = await storage.startUpload('a/changed');
      const part = await storage.putPart(upload, 1, Buffer.from('x'));
      await storage.putPart(upload, 1, Buffer.from('y'));
      // S3 refuses; SeaweedFS finds the older part by its tag.
      const outcome = await storage.completeUpload(upload, [part]).catch((error: unknown) => String(error));
      if (typeof outcome === 'string') expect(outcome).toMatch(/part/i);
      expect((await read('a/changed'))?.toString()).not.toBe('y');
      await storage.abortUpload(upload);
    });

    it('aborts an upload, once or more', async () => {
      const upload = await storage.startUpload('a/aborted');
      const part = await storage.putPart(upload, 1, Buffer.from('x'));
      await storage.abortUpload(upload);
      await storage.abortUpload(upload);
      await expect(storage.completeUpload(upload, [part])).rejects.toThrow();
      expect(await storage.head('a/aborted')).toBeNull();
    });

    it('refuses a part of an upload that was aborted, which a repeat does not change', async () => {
      const upload = await storage.startUpload('a/late');
      await storage.abortUpload(upload);
      const failure = { code: 'unavailable', retryable: false };
      await expect(storage.putPart(upload, 1, Buffer.from('x'))).rejects.toMatchObject(failure);
    });

    it('aborts the uploads with a prefix that began before a time', async () => {
      const old = await storage.startUpload('old/a');
      const part = await storage.putPart(old, 1, Buffer.from('x'));
      const other = await storage.startUpload('other/a');
      expect(await storage.abortUploads('old/', Date.now() - 3_600_000)).toBe(0);
      expect(await storage.abortUploads('old/', Date.now() + 3_600_000)).toBe(1);
      await expect(storage.completeUpload(old, [part])).rejects.toThrow();
      const kept = await storage.putPart(other, 1, Buffer.from('x'));
      expect(await storage.completeUpload(other, [kept])).toMatchObject({ bytes: 1 });
    });

    it.each([
      ['of a few bytes', [Buffer.from('small')]],
      ['of several parts', [bytes('1', 70_000), bytes('2'), bytes('3', 7)]],
    ])(
      'gives a staged object %s its key at its end, whole, and replaces what was there',
      async (_name, chunks) => {
        await stored('payloads/a', Buffer.from('before'));
        const staged = await storage.stage();
        for (const chunk of chunks) await staged.write(chunk);
        expect(await keysOf('payloads/')).toEqual(['payloads/a']);
        expect((await read('payloads/a'))?.toString()).toBe('before');
        await staged.finish('payloads/a');
        expect((await read('payloads/a'))?.equals(Buffer.concat(chunks))).toBe(true);
        expect(await keysOf('staging/')).toEqual([]);
      },
    );

    it('keeps nothing of a staged object that is discarded', async () => {
      const staged = await storage.stage();
      await staged.write(bytes('1'));
      await staged.write(bytes('2', 9));
      await staged.discard();
      await staged.discard();
      expect(await keysOf('staging/')).toEqual([]);
      await expect(staged.finish('payloads/discarded')).rejects.toThrow();
      expect(await storage.head('payloads/discarded')).toBeNull();
    });

    it('removes what a crash left of a staged object', async () => {
      const staged = await storage.stage();
      await staged.write(bytes('1'));
      await storage.removeStaged(Date.now() - 3_600_000);
      await staged.write(bytes('2', 9));
      await storage.removeStaged(Date.now() + 3_600_000);
      // Nothing is left that the writer could finish.
      await expect(staged.finish('payloads/late')).rejects.toThrow();
      expect(await storage.head('payloads/late')).toBeNull();
    });

    it('makes the time of an object now, and leaves its content', async () => {
      const { modifiedAtMs } = await stored('payloads/touched', Buffer.from('x'));
      // S3 counts in seconds.
      await vi.waitFor(
        async () => {
          await storage.touch('payloads/touched');
          const touched = await storage.head('payloads/touched');
          expect(touched?.modifiedAtMs).toBeGreaterThan(modifiedAtMs);
        },
        { timeout: 5_000, interval: 100 },
      );
      expect((await read('payloads/touched'))?.toString()).toBe('x');
      await storage.touch('payloads/missing');
      expect(await storage.head('payloads/missing')).toBeNull();
    });

    it('lists by prefix, and deletes', async () => {
      await stored('exports/ws_a/1', Buffer.from('1'));
      await stored('exports/ws_a/2', Buffer.from('22'));
      await stored('exports/ws_b/1', Buffer.from('1'));
      expect(await keysOf('exports/ws_a/')).toEqual(['exports/ws_a/1', 'exports/ws_a/2']);
      expect(await storage.head('exports/ws_a/2')).toMatchObject({ key: 'exports/ws_a/2', bytes: 2 });
      await storage.delete('exports/ws_a/2');
      await storage.delete('exports/ws_a/2');
      expect(await storage.head('exports/ws_a/2')).toBeNull();
      expect(await keysOf('exports/')).toEqual(['exports/ws_a/1', 'exports/ws_b/1']);
    });

    it.each([
      '../out',
      'a/../../out',
      '/etc/out',
      'a//b',
      '',
      '.hidden',
      'a/.',
      'a\\..\\b',
      'a\0b',
      'ä',
      'x'.repeat(513),
    ])('refuses the key %j', async (key) => {
      await expect(storage.startUpload(key)).rejects.toThrow('object key');
      await expect(storage.get(key)).rejects.toThrow('object key');
      await expect(storage.head(key)).rejects.toThrow('object key');
      await expect(storage.delete(key)).rejects.toThrow('object key');
    });
  });
}

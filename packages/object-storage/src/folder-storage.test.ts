import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeStorage } from './contract/storage-contract.ts';
import { FolderStorage } from './folder-storage.ts';
import type { ObjectStorage } from './object-storage.ts';

let folder = '';
const create = async (): Promise<ObjectStorage> => {
  folder = await mkdtemp(join(tmpdir(), 'tidings-objects-'));
  return new FolderStorage(folder);
};
const remove = async (): Promise<void> => rm(folder, { recursive: true });

describeStorage('a folder', { open: create, close: remove });

describe('a folder', () => {
  let storage: ObjectStorage;
  beforeEach(async () => {
    storage = await create();
  });
  afterEach(remove);

  const put = async (key: string) => {
    const upload = await storage.startUpload(key);
    return storage.completeUpload(upload, [await storage.putPart(upload, 1, Buffer.from('x'))]);
  };

  it('is readable by this user alone, and keeps nothing of a completed upload', async () => {
    await put('exports/one');
    const { mode } = await stat(join(folder, 'objects/exports/one'));
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'objects/exports'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'uploads'))).toEqual([]);
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
  });

  it('keeps no folder without objects, and never loses one that is put there meanwhile', async () => {
    await put('payloads/ws/evt_1/a');
    await put('payloads/ws/evt_1/b');
    await storage.delete('payloads/ws/evt_1/a');
    expect(await readdir(join(folder, 'objects/payloads/ws/evt_1'))).toEqual(['b']);
    await storage.delete('payloads/ws/evt_1/b');
    await storage.delete('payloads/ws/evt_2/never');
    expect(await readdir(join(folder, 'objects'))).toEqual([]);
    expect(await storage.get('payloads/ws/evt_1/b')).toBeNull();
    const stage = async (key: string) => {
      const staged = await storage.stage();
      await staged.write(Buffer.from('x'));
      await staged.finish(key);
    };
    for (let n = 0; n < 100; n += 1) {
      const keys = [`payloads/ws/evt/${n}`, `payloads/ws/evt/next-${n}`] as const;
      await stage(keys[0]);
      await Promise.all([storage.delete(keys[0]), stage(keys[1])]);
      expect(await storage.head(keys[1])).not.toBeNull();
      await storage.delete(keys[1]);
    }
  });

  it('lists while what it has listed is deleted', async () => {
    const keys = Array.from({ length: 80 }, (_, n) => `payloads/ws/evt_${n % 40}/${n}`);
    for (const key of keys) await put(key);
    const listed: string[] = [];
    for await (const { key } of storage.list('payloads/')) {
      listed.push(key);
      await storage.delete(key);
    }
    expect(listed.toSorted()).toEqual(keys.toSorted());
    expect(await readdir(join(folder, 'objects'))).toEqual([]);
  });

  it('removes files that a crash left unfinished', async () => {
    await put('exports/one');
    await writeFile(join(folder, 'unfinished/left'), 'x');
    await storage.abortUploads('exports/', Date.now() + 60_000);
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
    expect(await storage.head('exports/one')).not.toBeNull();
  });

  it('keeps nothing of a staged object that is discarded or too old', async () => {
    const [discarded, left] = [await storage.stage(), await storage.stage()];
    for (const staged of [discarded, left]) await staged.write(Buffer.from('x'));
    await discarded.discard();
    await storage.removeStaged(Date.now() - 60_000);
    expect(await readdir(join(folder, 'unfinished'))).toHaveLength(1);
    await storage.removeStaged(Date.now() + 60_000);
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
    await left.discard();
  });

  it('removes uploads that a crash left without a key, and leaves what is no upload', async () => {
    await put('exports/one');
    const id = '0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f';
    await mkdir(join(folder, 'uploads', id));
    await writeFile(join(folder, 'uploads', id, '1'), 'x');
    await writeFile(join(folder, 'uploads/.DS_Store'), 'x');
    expect(await storage.abortUploads('exports/', Date.now() - 60_000)).toBe(0);
    expect(await readdir(join(folder, 'uploads'))).toHaveLength(2);
    expect(await storage.abortUploads('exports/', Date.now() + 60_000)).toBe(0);
    expect(await readdir(join(folder, 'uploads'))).toEqual(['.DS_Store']);
  });

  it('follows no link out of the folder', async () => {
    await put('exports/one');
    const outside = await mkdtemp(join(tmpdir(), 'tidings-outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(folder, 'objects/link'));
    await expect(storage.get('link/secret')).rejects.toThrow('leaves');
    await expect(storage.delete('link/secret')).rejects.toThrow('leaves');
    await expect(put('link/new')).rejects.toThrow('leaves');
    expect(await readdir(outside)).toEqual(['secret']);
    await rm(outside, { recursive: true });
  });

  it('that is not there has lost nothing: it is unavailable', async () => {
    await put('exports/one');
    expect(await storage.get('exports/two')).toBeNull();
    await rm(folder, { recursive: true });
    const failure = { code: 'unavailable', retryable: true };
    await expect(storage.get('exports/one')).rejects.toMatchObject(failure);
    await mkdir(folder);
    await expect(storage.get('exports/one')).rejects.toMatchObject(failure);
  });

  it('says why it cannot be written', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file');
    const failure = { code: 'unavailable', retryable: false };
    await expect(storage.startUpload('exports/one')).rejects.toMatchObject(failure);
    await expect(storage.startUpload('exports/one')).rejects.toThrow(folder);
  });

  it('has no upload of a foreign id', async () => {
    await mkdir(join(folder, 'elsewhere'), { recursive: true });
    const upload = { key: 'a', id: '../elsewhere' };
    await expect(storage.putPart(upload, 1, Buffer.from('x'))).rejects.toThrow('not the id of an upload');
    await expect(storage.abortUpload(upload)).rejects.toThrow('not the id of an upload');
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });
});

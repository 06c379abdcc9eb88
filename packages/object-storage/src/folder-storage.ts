import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile, realpath, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AppError } from '@tidings/runtime';
import { atDisk, ifMissing } from './disk-errors.ts';
import { filesBelow, inFolder, makeFolder, removeEmptyFolders } from './folder-tree.ts';
import {
  checkedKey,
  type FinishedPart,
  type ObjectStorage,
  removedAtOnce,
  type StagedObject,
  type StoredObject,
  type Upload,
} from './object-storage.ts';
import { removeUnfinished, UnfinishedFile } from './unfinished-file.ts';

const uploadIdPattern = /^[0-9a-f-]{36}$/;

/**
 * Objects as files below a folder, readable by this user alone. A file is written beside, synchronised and renamed, so
 * an object is there whole or not at all, also after a loss of power. Several instances need a shared file system.
 *
 *   <folder>/objects/<key>          <folder>/uploads/<id>/{key,1,2,…}          <folder>/unfinished/<random>
 */
export class FolderStorage implements ObjectStorage {
  readonly #root: string;
  #isPrepared = false;

  constructor(folder: string) {
    this.#root = folder;
  }

  async startUpload(key: string): Promise<Upload> {
    checkedKey(key);
    const id = randomUUID();
    await this.#atDisk(async () => this.#write(this.#uploadFile(id, 'key'), [Buffer.from(key)]));
    return { key, id };
  }

  async putPart({ id }: Upload, number: number, body: Buffer): Promise<FinishedPart> {
    await this.#atDisk(async () => {
      // A part would make the folder of an aborted upload again.
      if ((await ifMissing(stat(this.#uploadFile(id, 'key')), null)) === null) throw aborted(id);
      await this.#write(this.#uploadFile(id, String(number)), [body]);
    });
    return { number, bytes: body.length, tag: createHash('sha256').update(body).digest('hex') };
  }

  async completeUpload(upload: Upload, parts: readonly FinishedPart[]): Promise<StoredObject> {
    const joined = this.#joined(upload, parts);
    return this.#atDisk(async () => {
      const made = await this.head(upload.key);
      const isUnderWay = await ifMissing(stat(this.#uploadFile(upload.id, 'key')), null);
      if (made !== null && isUnderWay === null) return made;
      await this.#write(this.#objectFile(upload.key), joined);
      await this.abortUpload(upload);
      const object = await this.head(upload.key);
      if (object !== null) return object;
      throw removedAtOnce(upload.key);
    });
  }

  async abortUpload({ id }: Upload): Promise<void> {
    await this.#atDisk(async () =>
      rm(dirname(this.#uploadFile(id, 'key')), { recursive: true, force: true }),
    );
  }

  async abortUploads(prefix: string, startedBeforeMs: number): Promise<number> {
    return this.#atDisk(async () => {
      await removeUnfinished(this.#root, startedBeforeMs);
      let aborted = 0;
      for (const id of await ifMissing(readdir(join(this.#root, 'uploads')), [])) {
        // Such as a file of the file system or of a desktop.
        if (!uploadIdPattern.test(id)) continue;
        const file = this.#uploadFile(id, 'key');
        // Without a key: an upload whose start or end a crash has interrupted. Nothing can be added to it.
        const key = await ifMissing(readFile(file, 'utf8'), null);
        const begun = await ifMissing(stat(key === null ? dirname(file) : file), null);
        if (begun === null || begun.mtimeMs >= startedBeforeMs) continue;
        if (key !== null && !key.startsWith(prefix)) continue;
        await this.abortUpload({ key: key ?? '', id });
        if (key !== null) aborted += 1;
      }
      return aborted;
    });
  }

  async stage(): Promise<StagedObject> {
    const unfinished = await this.#atDisk(async () => this.#begin());
    return {
      write: async (chunk) => this.#atDisk(async () => unfinished.write(chunk)),
      finish: async (key) => {
        const file = this.#objectFile(key);
        await this.#atDisk(async () => this.#place(unfinished, file));
      },
      discard: async () => this.#atDisk(async () => unfinished.discard()),
    };
  }

  async get(key: string) {
    const file = this.#objectFile(key);
    return this.#atDisk(async () => {
      await this.#refuseLinks(file);
      const handle = await ifMissing(open(file, 'r'), null);
      if (handle === null) return this.#missing();
      const { size, mtimeMs } = await handle.stat();
      // The stream closes the handle, at its end and when it is destroyed.
      const body = handle.createReadStream();
      return { object: { key, bytes: size, modifiedAtMs: mtimeMs }, body };
    });
  }

  async head(key: string): Promise<StoredObject | null> {
    const file = this.#objectFile(key);
    return this.#atDisk(async () => {
      const found = await ifMissing(stat(file), null);
      return found === null ? null : { key, bytes: found.size, modifiedAtMs: found.mtimeMs };
    });
  }

  async delete(key: string): Promise<void> {
    const file = this.#objectFile(key);
    await this.#atDisk(async () => {
      await this.#refuseLinks(file);
      await rm(file, { force: true });
      await removeEmptyFolders(file, join(this.#root, 'objects'));
    });
  }

  removeStaged(beforeMs: number): Promise<void> {
    return this.#atDisk(async () => removeUnfinished(this.#root, beforeMs));
  }

  async touch(key: string): Promise<void> {
    const file = this.#objectFile(key);
    const now = new Date();
    await this.#atDisk(async () => {
      await this.#refuseLinks(file);
      await ifMissing(utimes(file, now, now), null);
    });
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const objects = join(this.#root, 'objects');
    // Only the folder that the prefix names: there may be many others.
    const folder = join(objects, ...prefix.split('/').slice(0, -1));
    for await (const file of filesBelow(folder, this.#root)) {
      const key = file.slice(objects.length + 1).replaceAll(sep, '/');
      const object = key.startsWith(prefix) ? await this.head(key) : null;
      if (object !== null) yield object;
    }
  }

  async close(): Promise<void> {}

  /** Creates the folder and checks that it can be written. Throws AppError `unavailable` with the reason. */
  async prepare(): Promise<void> {
    if (this.#isPrepared) return;
    await this.#atDisk(async () => {
      for (const name of ['objects', 'uploads', 'unfinished']) {
        await makeFolder(join(this.#root, name));
      }
      await (await UnfinishedFile.create(join(this.#root, 'unfinished'))).discard();
    });
    this.#isPrepared = true;
  }

  /** Returns null if the folder has objects at all. One that is not mounted must not look as if they were removed. */
  async #missing(): Promise<null> {
    const objects = join(this.#root, 'objects');
    if ((await ifMissing(stat(objects), null)) !== null) return null;
    throw new AppError({ code: 'unavailable', message: `There is no ${objects}: is its disk mounted?` });
  }

  #objectFile(key: string): string {
    return join(this.#root, 'objects', ...checkedKey(key).split('/'));
  }

  #uploadFile(id: string, name: string): string {
    if (uploadIdPattern.test(id)) return join(this.#root, 'uploads', id, name);
    throw new AppError({ code: 'internal', message: `'${id.slice(0, 80)}' is not the id of an upload.` });
  }

  #atDisk<T>(work: () => Promise<T>): Promise<T> {
    return atDisk(this.#root, work);
  }

  /** Yields the bytes of the parts, and throws if one is not the part that was stored. */
  async *#joined({ id }: Upload, parts: readonly FinishedPart[]): AsyncGenerator<Buffer> {
    for (const { number, tag } of parts) {
      const hash = createHash('sha256');
      for await (const chunk of createReadStream(this.#uploadFile(id, String(number)))) {
        hash.update(chunk as Buffer);
        yield chunk as Buffer;
      }
      if (hash.digest('hex') === tag) continue;
      const message = `Part ${number} of the upload ${id} is not the one that was stored.`;
      throw new AppError({ code: 'internal', message });
    }
  }

  async #write(file: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
    const unfinished = await this.#begin();
    try {
      for await (const chunk of chunks) await unfinished.write(chunk);
      await this.#place(unfinished, file);
    } catch (error) {
      await unfinished.discard();
      throw error;
    }
  }

  async #begin(): Promise<UnfinishedFile> {
    await this.prepare();
    return UnfinishedFile.create(join(this.#root, 'unfinished'));
  }

  async #place(unfinished: UnfinishedFile, file: string): Promise<void> {
    await unfinished.finish();
    await inFolder(dirname(file), async () => {
      await this.#refuseLinks(file);
      await unfinished.moveTo(file);
    });
  }

  /** Throws if a link in the folder leads out of it. Nothing in Tidings makes one. */
  async #refuseLinks(file: string): Promise<void> {
    const [root, parent] = await Promise.all([
      ifMissing(realpath(this.#root), null),
      ifMissing(realpath(dirname(file)), null),
    ]);
    if (root === null || parent === null || parent.startsWith(`${root}${sep}`)) return;
    throw new AppError({
      code: 'internal',
      message: `${dirname(file)} is a link that leaves ${this.#root}.`,
    });
  }
}

const aborted = (id: string): AppError => {
  const message = `The upload ${id} was aborted: nothing can be added to it.`;
  return new AppError({ code: 'unavailable', message, retryable: false });
};

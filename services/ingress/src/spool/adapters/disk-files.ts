import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpoolFiles } from '../spool-files.ts';

const fileMode = 0o600;
const temporary = '.tmp';

/** Opens the files of a folder that exists. Files are readable by this user alone. */
export function diskFiles(folder: string): SpoolFiles {
  return new DiskFiles(folder);
}

class DiskFiles implements SpoolFiles {
  readonly #folder: string;
  /** The file that is being written. */
  #written: Readonly<{ name: string; handle: FileHandle }> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly Readonly<{ name: string; size: number }>[]> {
    const entries = await readdir(this.#folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return Promise.all(names.map(async (name) => ({ name, size: (await stat(this.#at(name))).size })));
  }

  async read(name: string): Promise<Buffer> {
    return readFile(this.#at(name));
  }

  async readPart(name: string, { start, end }: Readonly<{ start: number; end: number }>): Promise<Buffer> {
    const handle = await open(this.#at(name), 'r');
    try {
      const bytes = Buffer.alloc(end - start);
      let done = 0;
      for (let read = -1; done < bytes.length && read !== 0; done += read)
        ({ bytesRead: read } = await handle.read(bytes, done, bytes.length - done, start + done));
      return bytes.subarray(0, done);
    } finally {
      await handle.close();
    }
  }

  async create(name: string): Promise<void> {
    const handle = await open(this.#at(name), 'wx', fileMode);
    await this.close();
    this.#written = { name, handle };
    await this.#syncFolder();
  }

  async write(name: string, bytes: Buffer, position: number): Promise<void> {
    const handle = await this.#handleOf(name);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async sync(name: string): Promise<void> {
    await (await this.#handleOf(name)).datasync();
  }

  async truncate(name: string, size: number): Promise<void> {
    await (await this.#handleOf(name)).truncate(size);
  }

  async replace(name: string, bytes: Buffer): Promise<void> {
    const fresh = this.#at(`${name}${temporary}`);
    const handle = await open(fresh, 'w', fileMode);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(fresh, this.#at(name));
    await this.#syncFolder();
  }

  async remove(name: string): Promise<void> {
    if (this.#written?.name === name) await this.close();
    await rm(this.#at(name), { force: true });
  }

  async rename(from: string, to: string): Promise<void> {
    if (this.#written?.name === from) await this.close();
    await rename(this.#at(from), this.#at(to));
    await this.#syncFolder();
  }

  async close(): Promise<void> {
    const written = this.#written;
    this.#written = undefined;
    await written?.handle.close();
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  async #handleOf(name: string): Promise<FileHandle> {
    if (this.#written?.name === name) return this.#written.handle;
    await this.close();
    const handle = await open(this.#at(name), constants.O_WRONLY, fileMode);
    this.#written = { name, handle };
    return handle;
  }

  async #syncFolder(): Promise<void> {
    const handle = await open(this.#folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

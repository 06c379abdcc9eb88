import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ifMissing } from './disk-errors.ts';

const privateFile = 0o600;

/** A file that is written beside its place, so that its place has it whole or not at all, also after a loss of power. */
export class UnfinishedFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Creates the file in a folder that exists, readable by this user alone. */
  static async create(folder: string): Promise<UnfinishedFile> {
    const path = join(folder, randomUUID());
    return new UnfinishedFile(path, await open(path, 'wx', privateFile));
  }

  async write(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) at += (await this.#handle.write(chunk, at)).bytesWritten;
  }

  /** Writes what is in memory to the disk, and closes the file. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
  }

  /** Moves the finished file to its place, in a folder that exists. Rejects with ENOENT if it does not. */
  async moveTo(place: string): Promise<void> {
    await rename(this.#path, place);
    await syncFolder(dirname(place));
  }

  /** Removes the file, finished or not; does nothing once it has moved. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}

/** Removes the files that were written last before that time (epoch milliseconds), such as those of a crash. */
export async function removeUnfinished(root: string, writtenBeforeMs: number): Promise<void> {
  const folder = join(root, 'unfinished');
  for (const name of await ifMissing(readdir(folder), [])) {
    const found = await ifMissing(stat(join(folder, name)), null);
    if (found !== null && found.mtimeMs < writtenBeforeMs) await rm(join(folder, name), { force: true });
  }
}

// A rename is durable once its folder is.
async function syncFolder(folder: string): Promise<void> {
  const handle = await ifMissing(open(folder, 'r'), null);
  // Its file was deleted at once, and the folder with it.
  if (handle === null) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

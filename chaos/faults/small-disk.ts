import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const chunk = Buffer.alloc(1024 * 1024);

/** A file system of a fixed size in memory, mounted on a folder, that can be filled. Only root may mount one (Linux). */
export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Creates the folder and mounts the file system on it. Throws an Error with what `mount` says where that is not allowed. */
  static mount(folder: string, bytes: number): SmallDisk {
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder], { stdio: 'pipe' });
    return new SmallDisk(folder);
  }

  /** Writes until nothing fits. Returns a function that frees the space again. */
  async fill(): Promise<() => void> {
    const path = join(this.#folder, 'filler');
    const filler = await open(path, 'w');
    try {
      // The last write takes what is left.
      while ((await filler.write(chunk)).bytesWritten === chunk.length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await filler.close();
    }
    return () => rmSync(path, { force: true });
  }

  /** Unmounts it: what it holds is gone. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.#folder], { stdio: 'pipe' });
  }
}

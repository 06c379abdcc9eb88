import { mkdir, opendir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, diskError, ifMissing } from './disk-errors.ts';

const privateFolder = 0o700;

/** Creates a folder with its parents, for this user alone. */
export const makeFolder = async (folder: string): Promise<void> =>
  void (await mkdir(folder, { recursive: true, mode: privateFolder }));

/**
 * Yields the files below a folder of the storage in `root` as they are found, never all at once; none if there is no such
 * folder. Throws as `atDisk` does.
 */
export async function* filesBelow(folder: string, root: string): AsyncGenerator<string> {
  try {
    yield* walk(folder);
  } catch (error) {
    throw diskError(root, error);
  }
}

async function* walk(folder: string): AsyncGenerator<string> {
  const opened = await ifMissing(opendir(folder), null);
  if (opened === null) return;
  // Iterated to its end or left, it is closed.
  for await (const entry of opened) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/** Removes the folders of a file that are empty, up to `root`, which stays. */
export async function removeEmptyFolders(file: string, root: string): Promise<void> {
  for (let folder = dirname(file); folder.startsWith(`${root}/`); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      // Another file is in it, or has just been put there.
      if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return;
      throw error;
    }
  }
}

const maxTries = 5;

/**
 * Runs what puts a file into a folder that exists. A deletion may remove the folder while it is empty, so both are repeated
 * then.
 */
export async function inFolder(folder: string, put: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await makeFolder(folder);
      await put();
      return;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || tries === maxTries) throw error;
    }
  }
}

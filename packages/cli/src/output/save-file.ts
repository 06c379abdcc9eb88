import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/** The name of a file, and the folder that a relative name refers to. */
export type Destination = Readonly<{ file: string; folder: string }>;

/**
 * Saves what a URL returns, without a key, and returns its size. The file appears when all of it is there; until then it
 * has the ending `.part`. Throws CommandFailed if it cannot be read or written.
 */
export async function saveFile(url: string, { file, folder }: Destination): Promise<number> {
  const name = resolve(folder, file);
  const part = `${name}.part`;
  const response = await fetch(url, { redirect: 'error' }).catch((error: unknown) => {
    throw failed(exitCodes.unavailable, `The file cannot be read`, error);
  });
  if (!response.ok || response.body === null) {
    const message = `The file cannot be read: ${response.status}. Read the export again for a new link.`;
    throw new CommandFailed(response.status < 500 ? exitCodes.refused : exitCodes.unavailable, message);
  }
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(part));
    await rename(part, name);
    return (await stat(name)).size;
  } catch (error) {
    await rm(part, { force: true });
    throw failed(exitCodes.usage, `The file '${file}' cannot be written`, error);
  }
}

function failed(
  code: ConstructorParameters<typeof CommandFailed>[0],
  what: string,
  error: unknown,
): CommandFailed {
  return new CommandFailed(code, `${what}: ${error instanceof Error ? error.message : String(error)}.`);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.env.TIDINGS_DATA ?? fileURLToPath(new URL('../.tidings/', import.meta.url));

/** Returns the URL and key of the local stack. */
export async function localStack() {
  const file = join(folder, 'local.json');
  const text = await readFile(file, 'utf8').catch(() => {
    console.error(
      `${file} does not exist: start Tidings with npm start, or set TIDINGS_DATA to its data folder.`,
    );
    process.exit(1);
  });
  return JSON.parse(text);
}

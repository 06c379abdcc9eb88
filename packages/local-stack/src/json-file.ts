import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { AppError } from '@tidings/runtime';

/** Writes a temporary file and renames it, so that a reader sees either the old or the new content. */
export function writeJsonFile(file: string, content: object, mode = 0o644): void {
  const fresh = `${file}.${process.pid}.tmp`;
  writeFileSync(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode });
  renameSync(fresh, file);
}

/** Reads the object in a JSON file; null if there is no file. Throws AppError `unavailable` if it is damaged. */
export function readJsonFile(file: string): Readonly<Record<string, unknown>> | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content === 'object' && content !== null) return { ...content };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw damagedFile(file, error);
  }
  throw damagedFile(file);
}

/** Returns an error with advice for a file of the data folder that cannot be read. */
export function damagedFile(file: string, cause?: unknown): AppError {
  return new AppError({
    code: 'unavailable',
    message: `${file} is damaged. Move the data folder away, or start with --data and another folder.`,
    cause,
  });
}

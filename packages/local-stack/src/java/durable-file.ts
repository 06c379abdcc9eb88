import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Gives a file its final name, in the same folder or below another one, once its content is on the disk: a machine that
 * loses its power leaves no part of it under that name.
 */
export function placeFile(fresh: string, file: string): void {
  flush(fresh);
  flush(dirname(fresh));
  renameSync(fresh, file);
  flush(dirname(file));
}

function flush(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

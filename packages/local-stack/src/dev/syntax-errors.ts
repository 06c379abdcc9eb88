import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';

import type * as esbuild from 'esbuild';

// Loaded when it is first needed: `npm start` needs none.
const require = createRequire(import.meta.url);
const parser = (): typeof esbuild => require('esbuild') as typeof esbuild;

/**
 * Returns the syntax errors of files in the format of compiler messages, such as `services/delivery/src/main.ts(3,7):
 * error: Expected ";" but found "}"`; empty if all files parse. A deleted file has none.
 */
export function syntaxErrors(root: string, files: readonly string[]): readonly string[] {
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = read(file);
      return text === null ? [] : errorsIn(text, relative(root, file));
    });
}

function errorsIn(text: string, name: string): readonly string[] {
  try {
    parser().transformSync(text, { loader: 'ts', logLevel: 'silent', sourcefile: name });
    return [];
  } catch (error) {
    const { errors } = error as esbuild.TransformFailure;
    if (errors === undefined) throw error;
    return errors.map(({ location, text: reason }) => {
      // Columns of esbuild begin at 0.
      const place = location === null ? '' : `(${location.line},${location.column + 1})`;
      return `${name}${place}: error: ${reason}`;
    });
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

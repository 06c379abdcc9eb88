import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folders = ['packages', 'services', 'deploy', 'e2e', 'bench'];
const configs = ['tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml'];
const skipped = new Set(['node_modules', 'target', '.tidings']);
const sourceNames = /\.(ts|tsx|json)$/;
const resultNames = /^\.tsbuildinfo$/;

/**
 * Tells if the compiler has something to do, by the names, sizes and times of all sources and of the compiler's own
 * records of its results. That takes a tenth of a second; `tsc -b` with nothing to do takes more than one.
 */
export class BuildState {
  #root;
  #file;
  #sources;

  /** Reads the sources. Create it before the compiler runs: what changes meanwhile belongs to the next build. */
  constructor(root) {
    this.#root = root;
    this.#file = join(root, 'node_modules', '.tidings-built');
    this.#sources = this.#hash({ names: sourceNames, isResult: false, files: configs });
  }

  /** Returns true if no source and no result has changed since the last build that `remember` was called for. */
  isCurrent() {
    try {
      return readFileSync(this.#file, 'utf8') === this.#text();
    } catch (error) {
      if (error.code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Call after the compiler has succeeded. */
  remember() {
    writeFileSync(this.#file, this.#text());
  }

  #text() {
    return `${this.#sources} ${this.#hash({ names: resultNames, isResult: true, files: [] })}\n`;
  }

  #hash({ names, isResult, files }) {
    const hash = createHash('sha256');
    const add = (path) => {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path}\0${mtimeMs}\0${size}\n`);
    };
    const walk = (folder) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          // Below dist, only the compiler's own record counts.
          const isWanted = !skipped.has(entry.name) && (entry.name !== 'dist' || isResult);
          if (isWanted && basename(folder) !== 'dist') walk(path);
        } else if (names.test(entry.name)) add(path);
      }
    };
    for (const file of files) add(join(this.#root, file));
    for (const folder of folders) walk(join(this.#root, folder));
    return hash.digest('hex');
  }
}

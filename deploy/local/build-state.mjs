import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const skipped = new Set(['node_modules', 'target', '.tidings']);
const web = join('services', 'console', 'web');

/**
 * The steps of the build. `folders` and `files` have the sources, whose names are `sourceNames`; a folder of `without`
 * is another step's. `resultNames`: files below dist that record what the step has made. `isOfResults`: its sources are
 * results of another step.
 */
export const steps = {
  compile: {
    record: '.tidings-built',
    folders: ['packages', 'services', 'deploy', 'e2e', 'bench'],
    without: [web],
    files: ['tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml'],
    sourceNames: /\.(ts|tsx|json)$/,
    resultNames: /^\.tsbuildinfo$/,
  },
  server: {
    record: '.tidings-server-bundled',
    folders: ['packages', 'services'],
    without: [web],
    files: ['pnpm-lock.yaml', 'deploy/local/bundle-server.mjs'],
    sourceNames: /^\.tsbuildinfo$/,
    isOfResults: true,
    resultNames: /^(server|local-stack)\.mjs$/,
  },
  bundle: {
    record: '.tidings-bundled',
    folders: [web],
    without: [],
    files: ['pnpm-lock.yaml', 'deploy/local/bundle-console.mjs'],
    // The generated types of the API are for the compiler: nothing of them is in the bundle.
    sourceNames: /^(?!generated\.ts$).*\.(ts|tsx|css|html|svg|json|mjs)$/,
    resultNames: /^(index|portal)\.html$/,
  },
};

/**
 * Tells if a step of the build has something to do, by the names, sizes and times of all sources and of the step's own
 * records of its results. That takes a tenth of a second; `tsc -b` with nothing to do takes more than one.
 */
export class BuildState {
  #root;
  #step;
  #file;
  #sources;

  /** Reads the sources. Create it before the step runs: what changes meanwhile belongs to the next build. */
  constructor(root, step = steps.compile) {
    this.#root = root;
    this.#step = step;
    this.#file = join(root, 'node_modules', step.record);
    this.#sources = this.#hash({
      names: step.sourceNames,
      isResult: step.isOfResults === true,
      files: step.files,
    });
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

  /** Call after the step has succeeded. */
  remember() {
    writeFileSync(this.#file, this.#text());
  }

  #text() {
    return `${this.#sources} ${this.#hash({ names: this.#step.resultNames, isResult: true, files: [] })}\n`;
  }

  #hash({ names, isResult, files }) {
    const hash = createHash('sha256');
    const add = (path) => {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path}\0${mtimeMs}\0${size}\n`);
    };
    const { folders, without } = this.#step;
    const others = new Set(without.map((folder) => join(this.#root, folder)));
    const walk = (folder) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) {
          // Below dist, only the compiler's own record counts.
          const isWanted =
            !skipped.has(entry.name) && !others.has(path) && (entry.name !== 'dist' || isResult);
          if (isWanted && basename(folder) !== 'dist') walk(path);
        } else if (names.test(entry.name)) add(path);
      }
    };
    for (const file of files) add(join(this.#root, file));
    for (const folder of folders) walk(join(this.#root, folder));
    return hash.digest('hex');
  }
}

import type { SpoolFiles } from '../src/spool/spool-files.ts';

/** The end of a run: kill -9 leaves what was written; a loss of power leaves what was synced, and a part of the rest. */
export type Death = 'kill' | 'power';

type Stored = { bytes: Buffer; synced: number };

const died = (): Error => new Error('the process was killed');

/** Steps of the disk that fail: `count` of them, the first of which is `from`. `code` is that of the error. */
export type DiskFault = Readonly<{ from: number; count: number; code?: string }>;

/** Steps of one run, after one of which it ends. Every part of the outside world counts its own. */
export class Mortality {
  readonly #killAt: number;
  readonly #fault: DiskFault;
  #steps = 0;
  #diskSteps = 0;
  isDead = false;

  constructor(killAt = Infinity, fault: DiskFault = { from: Infinity, count: 0 }) {
    this.#killAt = killAt;
    this.#fault = fault;
  }

  get steps(): number {
    return this.#steps;
  }

  get diskSteps(): number {
    return this.#diskSteps;
  }

  /** Passes a step of the disk, which fails if it is one of the fault. */
  diskStep(): void {
    this.step();
    this.#diskSteps += 1;
    const { from, count, code = 'EIO' } = this.#fault;
    if (this.#diskSteps >= from && this.#diskSteps < from + count)
      throw Object.assign(new Error(`${code}: the disk fails`), { code });
  }

  /** Passes a step. Throws if the run has ended, or ends here. */
  step(): void {
    if (this.isDead) throw died();
    this.#steps += 1;
    if (this.#steps < this.#killAt) return;
    this.isDead = true;
    throw died();
  }
}

/** A folder in memory that outlives the runs which use it. */
export class MortalFolder {
  readonly files = new Map<string, Stored>();
  readonly #removed = new Map<string, Stored>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Returns what the next run finds. */
  endRun(death: Death): void {
    if (death === 'kill') {
      this.#removed.clear();
      return;
    }
    // The removal of a name is not on the disk until the folder is synced, which is never waited for.
    for (const [name, stored] of this.#removed) if (this.#random() < 0.5) this.files.set(name, stored);
    this.#removed.clear();
    for (const [name, { bytes, synced }] of this.files) {
      const kept = synced + Math.floor(this.#random() * (bytes.length - synced + 1));
      const survivor = Buffer.from(bytes.subarray(0, kept));
      // Of what was not synced, blocks may be there without their content.
      if (this.#random() < 0.5) survivor.fill(0, synced);
      this.files.set(name, { bytes: survivor, synced: survivor.length });
    }
  }

  /** Opens the folder for a run. */
  open(life: Mortality): SpoolFiles {
    const at = (name: string): Stored => {
      const found = this.files.get(name);
      if (found === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOENT' });
      return found;
    };
    return {
      list: async () => {
        life.diskStep();
        return [...this.files].map(([name, { bytes }]) => ({ name, size: bytes.length }));
      },
      read: async (name) => {
        life.diskStep();
        return Buffer.from(at(name).bytes);
      },
      readPart: async (name, { start, end }) => {
        life.diskStep();
        return Buffer.from(at(name).bytes.subarray(start, end));
      },
      rename: async (from, to) => {
        life.diskStep();
        this.files.set(to, at(from));
        this.files.delete(from);
        life.diskStep();
      },
      create: async (name) => {
        life.diskStep();
        this.files.set(name, { bytes: Buffer.alloc(0), synced: 0 });
        life.diskStep();
      },
      write: async (name, bytes, position) => {
        life.diskStep();
        const stored = at(name);
        const put = (count: number): void => {
          stored.bytes = Buffer.concat([stored.bytes.subarray(0, position), bytes.subarray(0, count)]);
        };
        put(Math.floor(this.#random() * bytes.length));
        life.diskStep();
        put(bytes.length);
        life.diskStep();
      },
      sync: async (name) => {
        life.diskStep();
        at(name).synced = at(name).bytes.length;
        life.diskStep();
      },
      truncate: async (name, size) => {
        life.diskStep();
        const stored = at(name);
        stored.bytes = stored.bytes.subarray(0, size);
        stored.synced = Math.min(stored.synced, size);
      },
      replace: async (name, bytes) => {
        life.diskStep();
        this.files.set(`${name}.tmp`, { bytes: bytes.subarray(0, bytes.length >> 1), synced: 0 });
        life.diskStep();
        this.files.delete(`${name}.tmp`);
        this.files.set(name, { bytes: Buffer.from(bytes), synced: bytes.length });
        life.diskStep();
      },
      remove: async (name) => {
        life.diskStep();
        const stored = this.files.get(name);
        if (stored !== undefined) this.#removed.set(name, stored);
        this.files.delete(name);
        life.diskStep();
      },
      close: async () => {},
    };
  }
}

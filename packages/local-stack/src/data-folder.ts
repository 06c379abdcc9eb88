import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { AppError, messageOf } from '@tidings/runtime';

import { damagedFile, readJsonFile, writeJsonFile } from './json-file.ts';
import { identityOf, isSameProcess, type KnownProcess } from './processes/process-identity.ts';

const leftoverGraceMs = 10_000;
const pollMs = 50;

/** The demo subscription of an earlier start; the API shows its secret only once. */
export type RememberedDemo = Readonly<{ subscriptionId: string; secret: string; endpointUrl: string }>;

/** Created at the first start and kept: without the sealing keys, the registry's secrets would be unreadable. */
export type StackSecrets = Readonly<{ adminKey: string; sealingKeys: string; demo: RememberedDemo | null }>;

/**
 * The persistent data of a stack: `kafka/`, `mongodb/`, `logs/`, `local.json`, `secrets.json` (mode 0600), and while it
 * runs `lock.json` (its owner) and `processes.json` (the started processes). Only one stack at a time can open it.
 */
export class DataFolder {
  readonly path: string;
  readonly kafka: string;
  readonly mongodb: string;
  readonly logs: string;
  readonly localFile: string;
  readonly #lockFile: string;
  readonly #processesFile: string;
  readonly #secretsFile: string;
  readonly #processes = new Map<string, KnownProcess>();

  private constructor(path: string) {
    this.path = path;
    this.kafka = join(path, 'kafka');
    this.mongodb = join(path, 'mongodb');
    this.logs = join(path, 'logs');
    this.localFile = join(path, 'local.json');
    this.#lockFile = join(path, 'lock.json');
    this.#processesFile = join(path, 'processes.json');
    this.#secretsFile = join(path, 'secrets.json');
  }

  /**
   * Creates the folder if necessary and acquires its lock. Throws AppError `conflict` if another stack holds the lock,
   * `unavailable` if the folder is not writable (no permission, disk full, not a folder).
   */
  static open(path: string): DataFolder {
    const folder = new DataFolder(resolve(path));
    try {
      mkdirSync(folder.logs, { recursive: true });
      folder.#lock();
    } catch (error) {
      throw explainFileError(folder.path, error);
    }
    return folder;
  }

  /**
   * Ends the processes that an earlier stack on this folder left running (its parent was killed), each only if its
   * identity matches the recorded one. Resolves with their names.
   */
  async endLeftovers(): Promise<string[]> {
    const known = readJsonFile(this.#processesFile)?.['processes'] ?? [];
    if (!Array.isArray(known)) throw damagedFile(this.#processesFile);
    const left = known.filter(isKnownProcess).filter(isSameProcess);
    // Services end before the stores they write to.
    const isStore = ({ name }: KnownProcess): boolean => name === 'mongodb' || name.startsWith('broker-');
    await Promise.all(left.filter((one) => !isStore(one)).map(endProcess));
    await Promise.all(left.filter(isStore).map(endProcess));
    rmSync(this.#processesFile, { force: true });
    rmSync(this.localFile, { force: true });
    return left.map(({ name }) => name);
  }

  /** Records a started process, so that a later start can find it if this one is killed. */
  recordProcess(name: string, pid: number): void {
    const identity = identityOf(pid);
    if (identity === null) this.#processes.delete(name);
    else this.#processes.set(name, { name, pid, identity });
    writeJsonFile(this.#processesFile, { processes: [...this.#processes.values()] });
  }

  /** Reads the secrets, or creates them at the first start. */
  secrets(): StackSecrets {
    const kept = readJsonFile(this.#secretsFile);
    if (kept === null) {
      const made: StackSecrets = {
        adminKey: `key_admin_${randomBytes(24).toString('base64url')}`,
        sealingKeys: `local1:${randomBytes(32).toString('base64')}`,
        demo: null,
      };
      this.saveSecrets(made);
      return made;
    }
    const { adminKey, sealingKeys, demo } = kept;
    if (typeof adminKey !== 'string' || typeof sealingKeys !== 'string') throw damagedFile(this.#secretsFile);
    return { adminKey, sealingKeys, demo: isRememberedDemo(demo) ? demo : null };
  }

  /** Replaces the secrets file. */
  saveSecrets(secrets: StackSecrets): void {
    writeJsonFile(this.#secretsFile, secrets, 0o600);
  }

  /** Releases the lock. Call it after every started process has ended. */
  release(): void {
    rmSync(this.#processesFile, { force: true });
    rmSync(this.localFile, { force: true });
    if (readJsonFile(this.#lockFile)?.['pid'] === process.pid) rmSync(this.#lockFile, { force: true });
  }

  #lock(): void {
    const mine = `${this.#lockFile}.${process.pid}`;
    writeJsonFile(mine, { pid: process.pid, identity: identityOf(process.pid) });
    try {
      for (let tries = 0; tries < 5; tries += 1) {
        if (this.#linkLock(mine)) return;
        this.#removeStaleLock();
      }
    } finally {
      rmSync(mine, { force: true });
    }
    throw new AppError({
      code: 'conflict',
      message: `${this.#lockFile} keeps changing: another start is in progress`,
    });
  }

  /** Creates the lock file. link(2) fails if the name exists, so two concurrent attempts cannot both succeed. */
  #linkLock(mine: string): boolean {
    try {
      linkSync(mine, this.#lockFile);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  #removeStaleLock(): void {
    const holder = readJsonFile(this.#lockFile);
    if (holder === null) return;
    const { pid, identity } = holder;
    if (typeof pid === 'number' && typeof identity === 'string' && isSameProcess({ pid, identity })) {
      throw new AppError({
        code: 'conflict',
        message: `another Tidings stack (process ${pid}) runs on ${this.path}. Stop it, or start this one with --data and another folder and --port-base and other ports.`,
      });
    }
    const aside = `${this.#lockFile}.stale.${process.pid}`;
    renameSync(this.#lockFile, aside);
    rmSync(aside, { force: true });
  }
}

function isKnownProcess(entry: unknown): entry is KnownProcess {
  if (typeof entry !== 'object' || entry === null) return false;
  const { name, pid, identity } = entry as Partial<Record<keyof KnownProcess, unknown>>;
  return typeof name === 'string' && typeof pid === 'number' && typeof identity === 'string';
}

function isRememberedDemo(entry: unknown): entry is RememberedDemo {
  if (typeof entry !== 'object' || entry === null) return false;
  const { subscriptionId, secret, endpointUrl } = entry as Partial<Record<keyof RememberedDemo, unknown>>;
  return typeof subscriptionId === 'string' && typeof secret === 'string' && typeof endpointUrl === 'string';
}

async function endProcess(known: KnownProcess): Promise<void> {
  signal(known, 'SIGTERM');
  const deadline = Date.now() + leftoverGraceMs;
  while (isSameProcess(known)) {
    if (Date.now() > deadline) signal(known, 'SIGKILL');
    await delay(pollMs);
  }
}

function signal(known: KnownProcess, name: NodeJS.Signals): void {
  if (!isSameProcess(known)) return;
  try {
    process.kill(known.pid, name);
  } catch (error) {
    // The process ended between the check and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function explainFileError(path: string, error: unknown): unknown {
  if (error instanceof AppError) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'its disk is full. Free some space and start again',
    EACCES: 'there is no permission to write there. Change its owner, or use --data and another folder',
    EROFS: 'its file system is read-only. Use --data and another folder',
    ENOTDIR: 'a part of that path is a file. Use --data and another folder',
    EEXIST: 'there is a file of that name. Move it away, or use --data and another folder',
  };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? messageOf(error);
  return new AppError({
    code: 'unavailable',
    message: `the data folder ${path} cannot be used: ${reason}.`,
    cause: error,
  });
}

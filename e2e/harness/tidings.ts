import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, guardProcesses } from '@tidings/testing';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The content of `.tidings/local.json`. */
export type LocalStack = Readonly<{
  url: string;
  admin_key: string;
  workspace_id: string;
  brokers: string;
  mongodb_uri: string;
  services: Readonly<Record<string, string>>;
  pids: Readonly<Record<string, number>>;
}>;

/** A complete stack, started through `npm start` as a user does, on free ports and in its own folder. */
export type Tidings = Readonly<{
  dataDir: string;
  process: ChildProcess;
  output(): string;
  /** Reads the file at each call: pids change when a part restarts. */
  local(): Promise<LocalStack>;
  /** Returns the kinds of commands that the services have sent to MongoDB, such as `history find`. */
  sentCommands(): ReadonlySet<string>;
  /** Kills a part with SIGKILL and returns its pid. */
  kill9(part: string): Promise<number>;
  /** Waits until the stack has restarted a part that had this pid. */
  restarted(part: string, oldPid: number): Promise<void>;
  /**
   * Stops the stack. Throws if its services have sent MongoDB a command that mongodb-command-rules.ts of packages/testing
   * forbids.
   */
  stop(): Promise<number | null>;
}>;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Returns the first of `count` consecutive free ports below the ephemeral range. */
export const freePortBase = async (count = 40): Promise<number> => {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 15_000 + Math.floor(Math.random() * 300) * 40;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} free ports in a row between 15000 and 27000`);
};

export type StartOptions = Readonly<{
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  dataDir?: string;
  portBase?: number;
}>;

export const startTidings = async (options: StartOptions = {}): Promise<Tidings> => {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tidings-e2e-')));
  const portBase = options.portBase ?? (await freePortBase());
  const args = ['deploy/local/start.mjs', '--data', dataDir, '--port-base', String(portBase)];
  const guard = guardProcesses();
  const child = spawn(process.execPath, [...args, ...(options.args ?? ['--no-demo'])], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ...guard.env,
      ...options.env,
      NODE_OPTIONS: `${guard.env.NODE_OPTIONS} ${options.env?.['NODE_OPTIONS'] ?? ''}`.trim(),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const local = async (): Promise<LocalStack> =>
    JSON.parse(await readFile(join(dataDir, 'local.json'), 'utf8')) as LocalStack;
  const pidOf = async (part: string): Promise<number> => {
    const pid = (await local()).pids[part];
    if (pid === undefined) throw new Error(`local.json names no '${part}'`);
    return pid;
  };
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}:\n${output}`);
      const { pids } = await local();
      if (pids['stack'] !== undefined && pids['stack'] !== child.pid) throw new Error('an older local.json');
    },
    { timeoutMs: 120_000, abortIf: () => child.exitCode !== null },
  ).catch((error: unknown) => {
    child.kill('SIGTERM');
    throw new Error(`the stack did not become ready:\n${output}`, { cause: error });
  });
  return {
    dataDir,
    process: child,
    output: () => output,
    local,
    sentCommands: () => guard.seen(),
    kill9: async (part) => {
      const pid = await pidOf(part);
      process.kill(pid, 'SIGKILL');
      return pid;
    },
    restarted: async (part, oldPid) => {
      await eventually(async () => {
        if ((await pidOf(part)) === oldPid) throw new Error(`${part} still has pid ${oldPid}`);
      });
    },
    stop: async () => {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
      const faults = guard.faults();
      guard.close();
      if (faults.length > 0) throw new Error(`forbidden commands to MongoDB:\n${faults.join('\n')}`);
      return child.exitCode;
    },
  };
};

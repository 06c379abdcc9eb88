import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The content of local.json that a run reads. */
export type LocalStack = Readonly<{
  url: string;
  admin_key: string;
  workspace_id: string;
  /** URLs of services, by the name of their instance. */
  services: Readonly<Record<string, string>>;
  pids: Readonly<Record<string, number>>;
}>;

export type StackOptions = Readonly<{
  folder: string;
  portBase: number;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}>;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const readyWithinMs = 300_000;

/** A whole stack, started through `npm start` as a user does, in a folder of its own. Its messages are in stack.log beside it. */
export class StackProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;

  constructor({ folder, portBase, args, env }: StackOptions) {
    this.#folder = join(folder, 'stack');
    const log = createWriteStream(join(folder, 'stack.log'));
    const start = [
      'deploy/local/start.mjs',
      '--no-demo',
      '--data',
      this.#folder,
      '--port-base',
      String(portBase),
      ...args,
    ];
    this.#child = spawn(process.execPath, start, {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C reaches the suite alone, which stops the stack in order.
      detached: true,
    });
    this.#child.stdout?.pipe(log, { end: false });
    this.#child.stderr?.pipe(log, { end: false });
  }

  /** Reads local.json at each call: pids change when a part is started again. */
  async local(): Promise<LocalStack> {
    return JSON.parse(await readFile(join(this.#folder, 'local.json'), 'utf8')) as LocalStack;
  }

  /** Resolves when everything is ready. Rejects when the signal ends the wait. */
  async ready(signal: AbortSignal): Promise<LocalStack> {
    const deadline = Date.now() + readyWithinMs;
    for (;;) {
      const local = await this.local().catch(() => null);
      if (local !== null) return local;
      if (this.#child.exitCode !== null)
        throw new Error(`the stack ended with ${this.#child.exitCode}: see stack.log`);
      if (Date.now() > deadline)
        throw new Error(`the stack was not ready after ${readyWithinMs / 1_000} s: see stack.log`);
      await pause(200, undefined, { signal });
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/**
 * Checks the types of the whole repository beside a running stack, and tells of errors in the compiler's words. The services
 * do not wait for it: types are no part of what they run.
 */
export class TypeCheck {
  readonly #root: string;
  readonly #say: (line: string) => void;
  #running: ChildProcess | null = null;
  #hadErrors = false;

  constructor(root: string, print: (line: string) => void) {
    this.#root = root;
    this.#say = print;
  }

  /** Starts a check; one under way is ended first. */
  start(): void {
    this.stop();
    const child = spawn(process.execPath, [compiler, '-b'], {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#running = child;
    // The services have the processor first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('close', (code) => {
      if (this.#running !== child) return;
      this.#running = null;
      if (code !== 0) this.#say(`the types do not fit:\n${output.trim()}`);
      else if (this.#hadErrors) this.#say('the types fit again');
      this.#hadErrors = code !== 0;
    });
  }

  /** Ends a check under way, without a word. */
  stop(): void {
    this.#running?.kill('SIGTERM');
    this.#running = null;
  }
}

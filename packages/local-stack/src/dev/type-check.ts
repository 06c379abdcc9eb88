import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';

// The package exports its package.json and not its program.
const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
const compiler = join(dirname(packageFile), 'bin', 'tsc');

/**
 * Checks the types of the whole repository in parallel with a running stack, and prints errors in the compiler's
 * format. The services do not wait for it: they run without type information.
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

  /** Starts a check; ends one in progress first. */
  start(): void {
    this.stop();
    const child = spawn(process.execPath, [compiler, '-b'], {
      cwd: this.#root,
      stdio: ['ignore', 'pipe', 'inherit'],
      // The compiler is a child of this process, which does not pass signals on: both are ended as a group.
      detached: true,
    });
    this.#running = child;
    // The services have priority for the processor.
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

  /** Ends a check in progress without output. */
  stop(): void {
    const child = this.#running;
    this.#running = null;
    if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
  }
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A block of commands of a document: its text, its expected exit code, and the lines that it shows as its output. */
export type DocumentedBlock = Readonly<{ commands: string; exits: number; output: readonly string[] }>;

const sections = /^```sh(?: exits (\d+))?\n([\s\S]*?)^```\n(?:```text\n([\s\S]*?)^```\n)?/gm;

/** Returns the blocks of a document in its order. A block `text` right after one of commands is its output. */
export function documentedBlocks(file: string): readonly DocumentedBlock[] {
  return [...readFileSync(file, 'utf8').matchAll(sections)].map(
    ([, exits = '0', commands = '', output = '']) => ({
      ...{ commands, exits: Number(exits), output: linesOf(output) },
    }),
  );
}

/** Returns the lines of an output, with `…` for what differs at each run: ids, times, and the spaces of a table. */
export function linesOf(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'))
    .map((line) =>
      line
        .replace(/\b(evt|dlv|sub|job|run)_[0-9a-f]+\b/g, '$1_…')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}

/** One bash that runs blocks one after the other, so that variables and background processes last. */
export class DocumentedShell {
  readonly #bash: ChildProcessWithoutNullStreams;
  readonly #folder: string;
  #output = '';
  #blocks = 0;

  constructor(options: Readonly<{ cwd: string; env: NodeJS.ProcessEnv; folder: string }>) {
    this.#folder = options.folder;
    this.#bash = spawn('bash', ['--noprofile', '--norc'], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
    });
    const keep = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    this.#bash.stdout.on('data', keep);
    this.#bash.stderr.on('data', keep);
  }

  /** Returns what the commands and their background processes have printed since `from`, on both outputs. */
  output(from = 0): string {
    return this.#output.slice(from);
  }

  /** Starts a block. `ended` returns null while it runs, then the status of the last command that failed, or 0. */
  async start({ commands }: DocumentedBlock): Promise<Readonly<{ ended: () => number | null }>> {
    this.#blocks += 1;
    const file = join(this.#folder, `block-${this.#blocks}.sh`);
    await writeFile(file, commands);
    const end = `block ${this.#blocks} ended with `;
    // `npx` in front of a command of the clone only costs time. A block must not read the commands after it.
    const run = `npx() { "$@"; }; code=0; trap 'code=$?' ERR; . '${file}' < /dev/null; trap - ERR; echo "${end}$code"`;
    this.#bash.stdin.write(`${run}\n`);
    return {
      ended: () => {
        const code = new RegExp(`^${end}(\\d+)$`, 'm').exec(this.#output)?.[1];
        return code === undefined ? null : Number(code);
      },
    };
  }

  /** Ends the shell and what it has started. */
  async stop(): Promise<void> {
    if (this.#bash.exitCode !== null || this.#bash.pid === undefined) return;
    const ended = new Promise((resolve) => this.#bash.once('exit', resolve));
    process.kill(-this.#bash.pid, 'SIGKILL');
    await ended;
  }
}

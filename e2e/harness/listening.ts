import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** A running `tidings listen`. */
export type Listening = Readonly<{
  out(): string;
  err(): string;
  /** Sends the signal of Ctrl-C and returns the exit code. */
  interrupt(): Promise<Readonly<{ code: number | null; err: string }>>;
}>;

/** Starts `tidings listen` as a process of its own, which ends with the test. */
export function startListening(
  program: string,
  { args, env, cwd }: Readonly<{ args: readonly string[]; env: NodeJS.ProcessEnv; cwd: string }>,
): Listening {
  const child = spawn(program, ['listen', ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    out: () => out,
    err: () => err,
    interrupt: async () => {
      child.kill('SIGINT');
      return { code: await ended, err };
    },
  };
}

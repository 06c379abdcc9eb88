import { execFile } from 'node:child_process';

/** The end of a command: its exit code, or the reason why it never ran, such as ENOENT; and all that it printed. */
export type CommandResult = Readonly<{ code: number | string; output: string }>;

/** Runs a command to its end. Never rejects. */
export async function run(
  command: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { maxBuffer: 16 * 1024 * 1024, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? 1), output: `${stdout}\n${stderr}` });
      },
    );
  });
}

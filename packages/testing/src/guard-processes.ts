import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the processes of a guard have sent to MongoDB, kinds by service, such as `history find`. */
export type ProcessGuard = Readonly<{
  /** The environment in which a process is watched, and every one that it starts. */
  env: Readonly<{ NODE_OPTIONS: string; COMMAND_LOG: string }>;
  seen(): ReadonlySet<string>;
  /** What the rules of the services do not allow, in words. */
  faults(): readonly string[];
  /** Forgets it all. */
  close(): void;
}>;

/** One line of the log of a watched process. */
export type LoggedCommand = Readonly<{ service: string; seen?: string; fault?: string }>;

/**
 * As `guardCommands`, for services in processes of their own, built: a hook is loaded into each before its first line. What
 * they sent outlives a kill -9.
 */
export function guardProcesses(): ProcessGuard {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-commands-'));
  const log = join(folder, 'commands.jsonl');
  const hook = new URL('../dist/command-hook.js', import.meta.url);
  const lines = (): readonly LoggedCommand[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as LoggedCommand)
      : [];
  return {
    env: { NODE_OPTIONS: `--import=${hook.href}`, COMMAND_LOG: log },
    seen: () =>
      new Set(lines().flatMap(({ service, seen }) => (seen === undefined ? [] : `${service} ${seen}`))),
    faults: () =>
      lines().flatMap(({ service, fault }) => (fault === undefined ? [] : `${service}: ${fault}`)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Commands that the processes of a guard have sent to MongoDB, kinds by service, such as `history find`. */
export type ProcessGuard = Readonly<{
  /** Environment that watches a process, and every process that it starts. */
  env: Readonly<{ NODE_OPTIONS: string; COMMAND_LOG: string }>;
  seen(): ReadonlySet<string>;
  /** Returns the violations of the services' rules, as text. */
  faults(): readonly string[];
  /** Deletes the log. */
  close(): void;
}>;

/** One line of the log of a watched process. */
export type LoggedCommand = Readonly<{ service: string; seen?: string; fault?: string }>;

/**
 * Guards services that run, built, in their own processes, as `guardMongodbCommands` does: a hook is loaded into each before
 * its first line. Their log survives a kill -9.
 */
export function guardProcesses(): ProcessGuard {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-commands-'));
  const log = join(folder, 'commands.jsonl');
  const hook = new URL('../dist/mongodb-command-hook.js', import.meta.url);
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

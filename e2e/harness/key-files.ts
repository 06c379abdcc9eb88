import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LocalStack } from './tidings.ts';

/** Secrets of a stack that are in files, as Kubernetes and Docker mount them, by the names of their settings. */
export type KeyFiles<N extends string = string> = Readonly<{
  /** The settings that name the files. */
  env: Readonly<Record<string, string>>;
  write(name: N, text: string): Promise<void>;
  remove(): Promise<void>;
}>;

/** Creates a folder for the files, which {@link KeyFiles.write} fills. */
export async function openKeyFiles<const N extends string>(names: readonly N[]): Promise<KeyFiles<N>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-keys-'));
  return {
    env: Object.fromEntries(names.map((name) => [`${name}_FILE`, join(folder, name)])),
    write: async (name, text) => writeFile(join(folder, name), `${text}\n`, { mode: 0o600 }),
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** Returns a new key of a ring, as `id:base64key`. */
export const newRingKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

type Resealed = Readonly<{
  kinds: readonly Readonly<{ sealsByKey: Record<string, number>; failed: string[] }>[];
}>;

const command = fileURLToPath(
  new URL('../../services/subscription/dist/src/maintenance/registry-command.js', import.meta.url),
);

type Replaced = Readonly<{ workspaces: readonly Readonly<{ how: string }>[] }>;

/** Runs a command of the registry with the keys of the files. Returns its result, also of one that ends with 1. */
async function runRegistry<T>(
  { local, env }: Readonly<{ local: LocalStack; env: KeyFiles['env'] }>,
  args: readonly string[],
): Promise<T> {
  const settings = {
    KAFKA_BROKERS: local.brokers,
    MONGODB_URI: local.mongodb_uri,
    WORKSPACE_ID: local.workspace_id,
    LOG_LEVEL: 'silent',
  };
  const options = { env: { ...process.env, ...settings, ...env } };
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...args, '--json'], options).catch(
    (error: Readonly<{ stdout?: string }>) => {
      if (error.stdout?.startsWith('{') !== true) throw error;
      return { stdout: error.stdout };
    },
  );
  return JSON.parse(stdout) as T;
}

/** Runs `registry:token-keys` for the workspace of a stack. Returns what it did: `added`, `kept`, `waiting` or `removed`. */
export async function replaceTokenKeys(
  stack: Readonly<{ local: LocalStack; env: KeyFiles['env'] }>,
  options: readonly string[],
): Promise<string | undefined> {
  const args = ['token-keys', '--workspace', stack.local.workspace_id, ...options];
  const { tokenKeys } = await runRegistry<Readonly<{ tokenKeys: Replaced }>>(stack, args);
  return tokenKeys.workspaces[0]?.how;
}

/** Runs `registry:reseal` with the keys of the files. Returns the number of seals of each key before it. */
export async function reseal(
  local: LocalStack,
  env: KeyFiles['env'],
): Promise<Readonly<Record<string, number>>> {
  const { resealed } = await runRegistry<Readonly<{ resealed: Resealed }>>({ local, env }, ['reseal']);
  const seals: Record<string, number> = {};
  for (const { sealsByKey, failed } of resealed.kinds) {
    if (failed.length > 0) throw new Error(`no key opens the seals of ${failed.join(', ')}`);
    for (const [key, count] of Object.entries(sealsByKey)) seals[key] = (seals[key] ?? 0) + count;
  }
  return seals;
}

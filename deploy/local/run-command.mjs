import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { main, root } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';

/** Runs a command of a service, by its path below `services/`, as {@link runProgram} does. */
export const runCommand = async (...path) => runProgram('services', ...path);

/**
 * Runs a program of the repository, by its path, against the running local stack. Environment variables take precedence,
 * and are sufficient without a stack.
 */
export const runProgram = async (...path) =>
  main(async (handOver) => {
    requireNode();
    const read = (name) => {
      const file = join(process.env.TIDINGS_DATA ?? join(root, '.tidings'), name);
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    };
    const local = read('local.json');
    const secrets = read('secrets.json');
    const known = {
      KAFKA_BROKERS: local.brokers,
      MONGODB_URI: local.mongodb_uri,
      ADMIN_KEY: local.admin_key,
      WORKSPACE_ID: local.workspace_id,
      SEALING_KEYS: secrets.sealingKeys,
    };
    // A secret that the caller has in a file takes precedence as well.
    for (const name of Object.keys(known)) if (process.env[`${name}_FILE`]) delete known[name];
    const env = { ...known, ...process.env };
    for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name];
    handOver();
    const command = join(root, ...path);
    const child = spawn(process.execPath, [command, ...process.argv.slice(2)], { stdio: 'inherit', env });
    return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  });

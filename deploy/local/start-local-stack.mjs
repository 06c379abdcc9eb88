import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, install, main, print, root } from './bootstrap.mjs';
import { requireJavaAndMaven, requireNode } from './machine.mjs';
import { helpText, readOptions } from './options.mjs';

/**
 * Checks the machine, installs and builds what has changed, then calls `run` with packages/local-stack, which `load`
 * imports, and its options.
 */
export async function startLocalStack({ command, purpose, load, run }) {
  await main(async (handOver) => {
    requireNode();
    const { help, ...options } = readOptions(process.argv.slice(2), {
      root,
      cwd: process.env.INIT_CWD ?? process.cwd(),
      command,
    });
    if (help) {
      console.log(helpText(command, purpose));
      return 0;
    }
    if (!process.env.KAFKA_BROKERS) requireJavaAndMaven(dirname(fileURLToPath(import.meta.url)));
    await install();
    await build();
    const localStack = await load();
    handOver();
    return await run(localStack, { ...options, env: process.env, print });
  });
}

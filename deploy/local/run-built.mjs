import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { build, install, main, root } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';

/** Installs and builds what has changed, then runs a compiled program by its path in the repository. Exits with its code. */
export const runBuilt = async (path, args) =>
  main(async (handOver) => {
    requireNode();
    await install();
    await build();
    handOver();
    const child = spawn(process.execPath, [join(root, path), ...args], { stdio: 'inherit' });
    // Ctrl-C also reaches the program, which stops its stack in order: wait for it instead of exiting first.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  });

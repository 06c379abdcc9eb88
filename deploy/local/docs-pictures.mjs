import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { build, install, main, root } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';

// `npm run docs:pictures`: writes the pictures of the console that the documentation shows.
await main(async (handOver) => {
  requireNode();
  await install();
  await build();
  handOver();
  const script = join(root, 'e2e', 'dist', 'pictures', 'make-pictures.js');
  const child = spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
});

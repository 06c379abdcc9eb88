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
  const tsx = join(root, 'packages', 'local-stack', 'node_modules', 'tsx', 'dist', 'loader.mjs');
  const script = join(root, 'e2e', 'pictures', 'make-pictures.ts');
  const args = ['--import', tsx, script, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
});

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { build, install, main, root } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';

// `npm run bench` and `bench:admission`, `bench:chains`, `bench:check`, `bench:cold`, `bench:console`, `bench:history`, `bench:idle`, `bench:inbound`, `bench:isolation`, `bench:large`, `bench:replay`, `bench:stream`,
// `bench:waiting`: installs and builds what has changed, then runs the benchmark named by the first argument.
await main(async (handOver) => {
  requireNode();
  const [name = 'main', ...args] = process.argv.slice(2);
  await install();
  await build();
  handOver();
  const child = spawn(process.execPath, [join(root, 'bench', 'dist', `${name}.js`), ...args], {
    stdio: 'inherit',
  });
  // Ctrl-C also reaches the benchmark, which stops its stack in order: wait for it instead of exiting first.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
});

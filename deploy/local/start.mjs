import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build, install, main, root, say } from './bootstrap.mjs';
import { requireJavaAndMaven, requireNode } from './machine.mjs';
import { helpText, readOptions } from './options.mjs';

await main(async (handOver) => {
  requireNode();
  const { help, ...options } = readOptions(process.argv.slice(2), {
    root,
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  if (help) {
    console.log(helpText);
    return 0;
  }
  if (!process.env.KAFKA_BROKERS) requireJavaAndMaven(dirname(fileURLToPath(import.meta.url)));
  await install();
  await build();
  const { runLocalStack } = await import('../../packages/local-stack/dist/index.js');
  handOver();
  return await runLocalStack({ ...options, env: process.env, say });
});

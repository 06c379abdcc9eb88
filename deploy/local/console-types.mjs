import { join } from 'node:path';

import { main, root, runQuietly } from './bootstrap.mjs';

// Writes the types of the API for the console from the description of the API, then checks the types of the console.
await main(async () => {
  const web = join(root, 'services', 'console', 'web');
  const tsx = join(root, 'packages', 'local-stack', 'node_modules', 'tsx', 'dist', 'loader.mjs');
  const steps = [
    ...[['--conditions=@tidings/source', '--import', tsx, 'deploy/api/write-types.mts']].map((args) => [
      ...args,
      join(web, 'src', 'api', 'generated.ts'),
    ]),
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', web],
  ];
  for (const args of steps) {
    const { code, output } = await runQuietly(process.execPath, args);
    if (code === 0) continue;
    console.log(output.trim());
    return 1;
  }
  return 0;
});

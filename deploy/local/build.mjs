import { build, install, main } from './bootstrap.mjs';
import { requireNode } from './machine.mjs';

// `npm run build`: what `npm start` builds.
await main(async () => {
  requireNode();
  await install();
  await build();
  return 0;
});

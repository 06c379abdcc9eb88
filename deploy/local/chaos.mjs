import { runBuilt } from './run-built.mjs';

// `npm run chaos`: installs and builds what has changed, then breaks a stack at random and judges what became of it.
await runBuilt('chaos/dist/run/main.js', process.argv.slice(2));

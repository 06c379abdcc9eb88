import { startLocalStack } from './start-local-stack.mjs';

// `npm run dev`: like `npm start`, on the same ports and data, with services that restart when their sources change.
await startLocalStack({
  command: 'npm run dev',
  purpose:
    'Runs Tidings from source and restarts a service when a file that it uses changes. Ctrl-C stops it.',
  load: async () => await import('../../packages/local-stack/dist/index.js'),
  run: async ({ runDevStack }, options) => await runDevStack(options),
});

import { startLocalStack } from './start-local-stack.mjs';

// `npm run dev`: like `npm start`, on the same ports and data, with services that restart when their sources change.
await startLocalStack({
  command: 'npm run dev',
  purpose:
    'Runs Tidings from source: a service starts again when a file changes that it runs on. Ctrl-C stops it.',
  run: async ({ runDevStack }, options) => await runDevStack(options),
});

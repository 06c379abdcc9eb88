import { startLocalStack } from './start-local-stack.mjs';

await startLocalStack({
  command: 'npm start',
  purpose: 'Runs Tidings on this machine: Kafka, MongoDB and the services. Ctrl-C stops it; the data stays.',
  run: async ({ runLocalStack }, options) => await runLocalStack(options),
});

import { startLocalStack } from './start-local-stack.mjs';

const bundle = new URL('../../services/server/dist/local-stack.mjs', import.meta.url).href;

await startLocalStack({
  command: 'npm start',
  purpose: 'Runs Tidings on this machine: Kafka, MongoDB and the services. Ctrl-C stops it; the data stays.',
  load: async () => await import(bundle),
  run: async ({ runLocalStack, tidingsProcesses, bundledServer }, options) =>
    await runLocalStack({
      ...options,
      processes: tidingsProcesses(options.form, { program: bundledServer, instances: options.instances }),
    }),
});

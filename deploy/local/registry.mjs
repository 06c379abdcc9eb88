import { runCommand } from './run-command.mjs';

// `npm run registry:verify` and `npm run registry:reseal`.
await runCommand('subscription', 'dist', 'src', 'maintenance', 'registry-command.js');

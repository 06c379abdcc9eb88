import { runCommand } from './run-command.mjs';

// `npm run registry:verify`, `registry:reseal`, `registry:token-keys` and `registry:restore`.
await runCommand('subscription', 'dist', 'src', 'maintenance', 'registry-command.js');

import { runCommand } from './run-command.mjs';

// `npm run history:rebuild`.
await runCommand('history', 'dist', 'src', 'rebuild', 'rebuild-command.js');

import { runProgram } from './run-command.mjs';

// `npm run topics:grow`.
await runProgram('deploy', 'grow-topics.mjs');

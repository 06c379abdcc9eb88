import { exitCodes } from './exit-codes.ts';
import { runCommand } from './run-command.ts';

// The server finishes requests in progress; a pipe that closes early (`| head`) is no error.
process.once('SIGINT', () => process.exit(exitCodes.interrupted));
process.stdout.on('error', () => process.exit(exitCodes.done));

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
});

import { exitCodes } from './exit-codes.ts';
import { runCommand } from './run-command.ts';

// What is under way is the server's to finish; a pipe that closed early (`| head`) is nobody's fault.
process.once('SIGINT', () => process.exit(exitCodes.interrupted));
process.stdout.on('error', () => process.exit(exitCodes.done));

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  print: (text) => void process.stdout.write(`${text}\n`),
  printError: (text) => void process.stderr.write(`${text}\n`),
});

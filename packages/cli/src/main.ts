import { exitCodes } from './exit-codes.ts';
import { runCommand } from './run-command.ts';

// The server finishes requests in progress; a pipe that closes early (`| head`) is no error.
let stop = (): void => process.exit(exitCodes.interrupted);
process.on('SIGINT', () => {
  const now = stop;
  stop = () => process.exit(exitCodes.interrupted);
  now();
});
process.stdout.on('error', () => process.exit(exitCodes.done));

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  folder: process.cwd(),
  stdin: process.stdin,
  print: (text) => void process.stdout.write(`${text}\n`),
  onInterrupt: (given) => {
    stop = given;
  },
  printError: (text) => void process.stderr.write(`${text}\n`),
});

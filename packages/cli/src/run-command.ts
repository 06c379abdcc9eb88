import { CommanderError } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { exitCodes } from './exit-codes.ts';
import { flagHint } from './input/flag-hints.ts';
import { createProgram, type Io } from './program.ts';

/**
 * Runs the tool with the arguments after its name and returns its exit code. Never throws: errors are printed as
 * messages.
 */
export async function runCommand(args: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync([...args], { from: 'user' });
    return exitCodes.done;
  } catch (error) {
    // Commander has already printed the message; 0 is --help.
    if (error instanceof CommanderError) {
      const hint = flagHint(error.message);
      if (hint !== null) io.printError(hint);
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    }
    if (error instanceof CommandFailed) {
      io.printError(error.message);
      return error.exitCode;
    }
    io.printError(`tidings failed: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodes.refused;
  }
}

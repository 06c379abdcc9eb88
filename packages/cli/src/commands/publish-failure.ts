import { TidingsError } from '@tidings/sdk';
import { mayBeRepeated } from '../api/may-be-repeated.ts';
import { problemText } from '../api/problem-text.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * Returns the meaning of a failed publication for a command: refused, or possibly accepted, with the key to repeat it
 * with. A caller's mistake keeps its own message; any other error is returned unchanged.
 */
export function publishFailure(error: unknown): unknown {
  if (error instanceof TypeError) return new CommandFailed(exitCodes.usage, `${error.message}.`);
  if (!(error instanceof TidingsError)) return error;
  const { status, problem, outcomeUnknown, idempotencyKey, message } = error;
  const reason = status === undefined ? `${message}.` : problemText(status, problem);
  if (!outcomeUnknown) {
    const mayRepeat = status !== undefined && mayBeRepeated(status);
    return new CommandFailed(mayRepeat ? exitCodes.unavailable : exitCodes.refused, reason);
  }
  const advice = `The event may have been accepted: repeat the command with --idempotency-key ${idempotencyKey}, which creates no duplicate.`;
  return new CommandFailed(exitCodes.unavailable, `${reason}\n${advice}`);
}

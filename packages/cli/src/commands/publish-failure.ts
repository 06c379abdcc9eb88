import { TidingsError } from '@tidings/sdk';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import { problemText } from '../problem-text.ts';

/**
 * Returns the meaning of a failed publication for a command: refused, or possibly accepted, with the key to repeat it
 * with. A caller's mistake keeps its own message; any other error is returned unchanged.
 */
export function publishFailure(error: unknown): unknown {
  if (error instanceof TypeError) return new CommandFailed(exitCodes.usage, `${error.message}.`);
  if (!(error instanceof TidingsError)) return error;
  const { status, problem, outcomeUnknown, idempotencyKey, message } = error;
  const notice = status === undefined ? `${message}.` : problemText(status, problem);
  if (!outcomeUnknown) {
    return new CommandFailed(status === 429 ? exitCodes.unavailable : exitCodes.refused, notice);
  }
  const advice = `It may have been accepted: repeat with --idempotency-key ${idempotencyKey}, and it stays one event.`;
  return new CommandFailed(exitCodes.unavailable, `${notice}\n${advice}`);
}

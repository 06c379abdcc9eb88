import { TidingsError } from '@tidings/sdk';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import { problemText } from '../problem-text.ts';

/**
 * Returns what a failed publication means for a command: refused, or perhaps taken, and then the key to repeat it with.
 * What is the caller's own mistake is told in its words; any other error stays as it is.
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

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { mayBeRepeated } from '../api/may-be-repeated.ts';
import type { Given } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { View } from '../output/show.ts';

const maxReported = 20;
const maxKept = 1_000;

/**
 * An event that was not accepted: its position, the reason, and the status of the API's refusal (null: it was not
 * sent).
 */
export type Refusal = Readonly<{ place: string; status: number | null; detail: string }>;

/** The result of the whole command, as `--json` prints it. */
export type Outcome = {
  accepted: number;
  refused: number;
  /** The first 1,000. */
  refusals: Refusal[];
  is_worth_a_repeat: boolean;
  idempotency_key: string;
};

/** Returns the outcome before anything was sent. */
export const newOutcome = (key: string): Outcome => ({
  ...{ accepted: 0, refused: 0, refusals: [] },
  ...{ is_worth_a_repeat: false, idempotency_key: key },
});

/** Format of an outcome. */
export const outcomeView: View = {
  rows: (body) => [
    ['accepted', Reflect.get(body, 'accepted')],
    ['refused', Reflect.get(body, 'refused')],
  ],
};

/** Adds an event that was not accepted, and reports the first 20. */
export function noteRefusal(outcome: Outcome, refusal: Refusal, { progress }: Given): void {
  outcome.refused += 1;
  if (outcome.refused <= maxKept) outcome.refusals.push(refusal);
  if (refusal.status !== null && mayBeRepeated(refusal.status)) outcome.is_worth_a_repeat = true;
  if (outcome.refused <= maxReported) progress(`${refusal.place}: ${refusal.detail}`);
  if (outcome.refused === maxReported + 1) progress('… and more: --json lists the first 1,000');
}

/** Returns the line that reports progress. */
export const progressText = ({ accepted, refused }: Outcome): string =>
  `${accepted} accepted, ${refused} refused …`;

/** Opens a file, or standard input for `-`. Throws CommandFailed for one that cannot be read. */
export async function openFile(file: string, { input }: Given): Promise<Readable> {
  if (file === '-') return input.stdin;
  try {
    const opened = await open(resolve(input.folder, file));
    return opened.createReadStream();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `The file '${file}' cannot be read: ${reason}.`);
  }
}

/** Returns why a command failed; null if every event was accepted. */
export function failure({
  accepted,
  refused,
  is_worth_a_repeat: isLater,
  idempotency_key: key,
}: Outcome): CommandFailed | null {
  if (refused === 0) return null;
  const message = `${refused} of ${accepted + refused} were not accepted.`;
  if (!isLater) return new CommandFailed(exitCodes.refused, message);
  const advice = `Some may be accepted later: repeat the command with --idempotency-key ${key}.`;
  return new CommandFailed(exitCodes.unavailable, `${message} ${advice}`);
}

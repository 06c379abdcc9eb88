import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Target } from '../api/find-target.ts';
import { mayBeRepeated } from '../api/may-be-repeated.ts';
import { problemText } from '../api/problem-text.ts';
import { type CommandSpec, type Given, nameOfFile, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import {
  failure,
  newOutcome,
  noteRefusal,
  type Outcome,
  openFile,
  outcomeView,
  progressText,
} from './publish-outcome.ts';

const partBytes = 4_000_000;
const maxAttempts = 6;
const newline = 0x0a;

/** tidings events publish-stream. */
export const publishStreamCommand: CommandSpec = {
  name: 'events publish-stream',
  description: 'publish large files of JSON lines as they are (application/x-ndjson), without their ids',
  args: [{ name: 'file', description: 'JSON lines; - for standard input (default)', optional: true }],
  options: [
    {
      flags: '--idempotency-key <key>',
      description: 'makes a repeat of this command with the same file safe',
    },
  ],
  examples: [
    'events publish-stream events.jsonl',
    `events publish-stream - <<< '{"type":"order.paid","data":{"order_id":"ord_7"}}'`,
  ],
  view: outcomeView,
  run: async (given, target) => {
    const file = given.args['file'] || '-';
    const outcome = newOutcome(textOf(given, 'idempotencyKey') ?? randomUUID());
    let number = 0;
    let firstLine = 1;
    for await (const part of partsOf(await openFile(file, given))) {
      number += 1;
      const key = partKey(outcome.idempotency_key, number, part);
      const answer = await send(target, part, { key, outcome, firstLine });
      add(outcome, answer, { given, firstLine });
      // Later parts would overtake the rest of this one.
      if (answer.stopped !== undefined) throw stoppedAt(outcome, answer.stopped, firstLine);
      firstLine += lineCount(part);
      given.progress(progressText(outcome));
    }
    if (number === 0) throw new CommandFailed(exitCodes.usage, `${nameOfFile(file)} contains no event.`);
    return outcome;
  },
  failsWhen: (body) => failure(body as Outcome),
};

/** Yields whole lines, 4 MB or one longer line at a time; nothing for a file of white space. */
async function* partsOf(bytes: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.length;
    if (size < partBytes) continue;
    const all = Buffer.concat(held);
    const end = all.lastIndexOf(newline) + 1;
    if (end > 0) yield all.subarray(0, end);
    held = [all.subarray(end)];
    size = all.length - end;
  }
  const rest = Buffer.concat(held);
  if (rest.toString('utf8').trim() !== '') yield rest;
}

const lineCount = (part: Buffer): number => {
  let count = 0;
  for (let at = part.indexOf(newline); at >= 0; at = part.indexOf(newline, at + 1)) count += 1;
  return count;
};

// With the content: after a line was added or removed, others must not get its ids.
const partKey = (key: string, number: number, part: Buffer): string =>
  createHash('sha256')
    .update(JSON.stringify([key, number]))
    .update(part)
    .digest('hex');

type Shown = Readonly<{ line: number; status: number; problem?: unknown }>;
type Answer = Readonly<{ accepted: number; refused: number; results: readonly Shown[]; stopped?: Shown }>;

function add(
  outcome: Outcome,
  { accepted, refused, results }: Answer,
  { given, firstLine }: Readonly<{ given: Given; firstLine: number }>,
): void {
  outcome.accepted += accepted;
  for (const { line, status, problem } of results) {
    const detail = problemText(status, problem);
    noteRefusal(outcome, { place: `line ${firstLine + line - 1}`, status, detail }, given);
  }
  // Only the first 1,000 of a part are named.
  outcome.refused += Math.max(0, refused - results.length);
}

function stoppedAt(
  { accepted, refused, idempotency_key: key }: Outcome,
  { line, status, problem }: Shown,
  firstLine: number,
): CommandFailed {
  const before = `${accepted} were accepted and ${refused} refused before.`;
  const advice = `From line ${firstLine + line - 1} on nothing was accepted: repeat the command with --idempotency-key ${key}, which creates no duplicates.`;
  return new CommandFailed(exitCodes.unavailable, `${problemText(status, problem)}\n${before} ${advice}`);
}

type Sending = Readonly<{ key: string; outcome: Outcome; firstLine: number }>;

/**
 * Sends a part until all of it was taken or refused for good: a repeat with its key has the same events. The answer is
 * `stopped` if the last attempt was.
 */
async function send(target: Target, part: Buffer, { key, outcome, firstLine }: Sending): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const { result, retryAfterMs } = await sendOnce(target, part, key);
    const isPassing = 'reason' in result || result.stopped !== undefined;
    if (!isPassing) return result;
    if (attempt < maxAttempts) {
      await wait(Math.max(Math.min(8_000, 250 * 2 ** attempt), retryAfterMs));
      continue;
    }
    if (!('reason' in result)) return result;
    const before = `${outcome.accepted} were accepted before.`;
    const advice = `What begins at line ${firstLine} may have been: repeat the command with --idempotency-key ${outcome.idempotency_key}, which creates no duplicates.`;
    throw new CommandFailed(exitCodes.unavailable, `${result.reason}\n${before} ${advice}`);
  }
}

type Sent = Readonly<{ result: Answer | Readonly<{ reason: string }>; retryAfterMs: number }>;

const maxRetryAfterSeconds = 30;

/** Returns the seconds of Retry-After in milliseconds, 30 s at most. Tidings sends no dates. */
const retryAfterOf = ({ headers }: Response): number => {
  const seconds = headers.get('retry-after') ?? '';
  return /^\d{1,9}$/.test(seconds) ? Math.min(maxRetryAfterSeconds, Number(seconds)) * 1_000 : 0;
};

/**
 * Returns the answer, or the reason why the part is to be sent again, and how long the API asks to wait. Throws CommandFailed
 * for a refusal.
 */
async function sendOnce({ url, apiKey }: Target, part: Buffer, key: string): Promise<Sent> {
  try {
    const response = await fetch(`${url}/v1/events/batch`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${apiKey}`, 'content-type': 'application/x-ndjson' },
        'idempotency-key': key,
      },
      ...{ body: new Uint8Array(part), redirect: 'error', signal: AbortSignal.timeout(60_000) },
    });
    const body: unknown = await response.json().catch(() => undefined);
    const retryAfterMs = retryAfterOf(response);
    if (response.ok && typeof body === 'object' && body !== null)
      return { result: body as Answer, retryAfterMs };
    const reason = problemText(response.status, body);
    if (mayBeRepeated(response.status) || response.ok) return { result: { reason }, retryAfterMs };
    throw new CommandFailed(exitCodes.refused, reason, response.status);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const reason = `${url} does not respond: ${cause instanceof Error ? cause.message : String(cause)}.`;
    return { result: { reason }, retryAfterMs: 0 };
  }
}

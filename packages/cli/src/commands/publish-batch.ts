import { createHash, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { createClient, type EventInput, TidingsError } from '@tidings/sdk';
import type { Target } from '../api/find-target.ts';
import { problemText } from '../api/problem-text.ts';
import { type CommandSpec, type Given, nameOfFile, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { publishFailure } from './publish-failure.ts';
import { type EventLine, faultOf, readEvents } from './read-events.ts';

/** The limits of one request: those of the API, with room for the envelope around the events. */
const maxEvents = 1_000;
const maxBytes = 3_500_000;
const maxReported = 20;
const maxKept = 1_000;

/**
 * An event that was not accepted: its position, the reason, and the status of the API's refusal (null: it was not
 * sent).
 */
type Refusal = Readonly<{ place: string; status: number | null; detail: string }>;

/** The result of the whole command, as `--json` prints it. */
type Outcome = {
  accepted: number;
  refused: number;
  /** The first 1,000. */
  refusals: Refusal[];
  is_worth_a_repeat: boolean;
  idempotency_key: string;
};

/** tidings events publish-batch. */
export const publishBatchCommand: CommandSpec = {
  name: 'events publish-batch',
  description: 'publish the events of a file or of standard input; each is accepted or refused on its own',
  args: [
    {
      name: 'file',
      description:
        'JSON lines or a JSON array of events in the format of the API; - for standard input (default)',
      optional: true,
    },
  ],
  options: [
    {
      flags: '--idempotency-key <key>',
      description: 'makes a repeat of this command with the same file safe',
    },
  ],
  examples: [
    'events publish-batch events.jsonl',
    `events publish-batch - <<< '{"type":"order.paid","data":{"order_id":"ord_7"}}'`,
    'events publish-batch orders.jsonl --idempotency-key orders-of-monday',
  ],
  view: {
    rows: (body) => [
      ['accepted', Reflect.get(body, 'accepted')],
      ['refused', Reflect.get(body, 'refused')],
    ],
  },
  run: async (given, target) => {
    const file = given.args['file'] || '-';
    const key = textOf(given, 'idempotencyKey') ?? randomUUID();
    const outcome: Outcome = {
      accepted: 0,
      refused: 0,
      refusals: [],
      is_worth_a_repeat: false,
      idempotency_key: key,
    };
    const lines = readEvents(nameOfFile(file), await streamOf(file, given));
    let number = 0;
    for await (const batch of batchesOf(lines)) {
      number += 1;
      await publish({ batch, number, target, given, outcome });
      if (number > 1 || batch.length === maxEvents) given.progress(progressText(outcome));
    }
    if (number === 0) throw new CommandFailed(exitCodes.usage, `${nameOfFile(file)} contains no event.`);
    return outcome;
  },
  failsWhen: (body) => failure(body as Outcome),
};

const progressText = ({ accepted, refused }: Outcome): string => `${accepted} accepted, ${refused} refused …`;

async function streamOf(file: string, { input }: Given): Promise<Readable> {
  if (file === '-') return input.stdin;
  try {
    const opened = await open(resolve(input.folder, file));
    return opened.createReadStream();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `The file '${file}' cannot be read: ${reason}.`);
  }
}

// The same file always yields the same batches, so that a repeat with the same key publishes the same events.
async function* batchesOf(lines: AsyncIterable<EventLine>): AsyncGenerator<readonly EventLine[]> {
  let batch: EventLine[] = [];
  let bytes = 0;
  for await (const line of lines) {
    const size = 'bytes' in line ? line.bytes : 0;
    if (batch.length === maxEvents || (batch.length > 0 && bytes + size > maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

type Publication = Readonly<{
  batch: readonly EventLine[];
  target: Target;
  given: Given;
  outcome: Outcome;
  number: number;
}>;

async function publish({ batch, number, target, given, outcome }: Publication): Promise<void> {
  const refuse = (refusal: Refusal): void => {
    outcome.refused += 1;
    if (outcome.refused <= maxKept) outcome.refusals.push(refusal);
    if (refusal.status !== null && (refusal.status === 429 || refusal.status >= 500))
      outcome.is_worth_a_repeat = true;
    if (outcome.refused <= maxReported) given.progress(`${refusal.place}: ${refusal.detail}`);
    if (outcome.refused === maxReported + 1) given.progress('… and more: --json lists the first 1,000');
  };
  const good: { place: string; event: EventInput }[] = [];
  for (const line of batch) {
    const fault = 'fault' in line ? line.fault : await faultOf(line.event);
    if (fault !== null) refuse({ place: line.place, status: null, detail: fault });
    else if ('event' in line) good.push(line);
  }
  const results = await send(target, good, { number, outcome });
  results.forEach((result, index) => {
    if (result.ok) outcome.accepted += 1;
    else {
      const detail = problemText(result.status, result.problem);
      refuse({ place: good[index]?.place ?? '', status: result.status, detail });
    }
  });
}

async function send(
  target: Target,
  good: readonly { place: string; event: EventInput }[],
  { number, outcome }: Readonly<{ number: number; outcome: Outcome }>,
) {
  const events = good.map(({ event }) => event);
  const idempotencyKey = batchKey(outcome.idempotency_key, number, events);
  try {
    return await createClient(target).publishBatch(events, { idempotencyKey });
  } catch (error) {
    const failed = publishFailure(error);
    if (!(error instanceof TidingsError) || !(failed instanceof CommandFailed)) throw failed;
    const reason = failed.message.split('\n')[0];
    const before = `${outcome.accepted} were accepted before.`;
    if (!error.outcomeUnknown) throw new CommandFailed(failed.exitCode, `${reason}\n${before}`);
    const places = `${good[0]?.place} to ${good.at(-1)?.place}`;
    const advice = `${places} may have been: repeat the command with --idempotency-key ${outcome.idempotency_key}, which creates no duplicates.`;
    throw new CommandFailed(failed.exitCode, `${reason}\n${before} ${advice}`);
  }
}

// The API derives the ids of a batch's events from its key and their positions. The content is part of the key: fixing
// a line before a repeat shifts the others, which would otherwise get each other's ids.
function batchKey(key: string, number: number, events: readonly EventInput[]): string {
  const hash = createHash('sha256').update(JSON.stringify([key, number]));
  for (const event of events) hash.update(JSON.stringify(event));
  return hash.digest('hex');
}

function failure({
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

import { createHash, randomUUID } from 'node:crypto';
import { createClient, type EventInput, TidingsError } from '@tidings/sdk';
import type { Target } from '../api/find-target.ts';
import { problemText } from '../api/problem-text.ts';
import { type CommandSpec, type Given, nameOfFile, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { publishFailure } from './publish-failure.ts';
import {
  failure,
  newOutcome,
  noteRefusal,
  type Outcome,
  openFile,
  outcomeView,
  progressText,
  type Refusal,
} from './publish-outcome.ts';
import { type EventLine, faultOf, readEvents } from './read-events.ts';

/** The limits of one request: those of the API, with room for the envelope around the events. */
const maxEvents = 1_000;
const maxBytes = 3_500_000;

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
  view: outcomeView,
  run: async (given, target) => {
    const file = given.args['file'] || '-';
    const key = textOf(given, 'idempotencyKey') ?? randomUUID();
    const outcome = newOutcome(key);
    const lines = readEvents(nameOfFile(file), await openFile(file, given));
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
  const refuse = (refusal: Refusal): void => noteRefusal(outcome, refusal, given);
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

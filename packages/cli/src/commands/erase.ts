import { createInterface } from 'node:readline';
import { callApi } from '../api/call-api.ts';
import {
  type CommandSpec,
  fieldsOf,
  type Given,
  type OptionSpec,
  onceHeader,
  onceOption,
  textOf,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Job, jobRows } from './job-rows.ts';
import { jobFailure, watchJob } from './watch-job.ts';

const options: readonly OptionSpec[] = [
  { flags: '--event <id>', description: 'the data of this event, and what was recorded of its deliveries' },
  {
    flags: '--consumer <id>',
    description: 'the events addressed to this consumer so far, and what was recorded of its deliveries',
  },
  { flags: '--reason <text>', description: 'for the audit log; it is not erased' },
  { flags: '--yes', description: 'do not ask' },
  { flags: '--no-wait', description: 'do not wait for the end of the job' },
  onceOption,
];

/** Returns the id to erase and its kind. Throws CommandFailed unless it is exactly one. */
function targetOf(given: Given): Readonly<{ kind: string; id: string }> {
  const [target, ...others] = ['event', 'consumer'].flatMap((kind) => {
    const id = textOf(given, kind);
    return id === undefined ? [] : [{ kind, id }];
  });
  if (target !== undefined && others.length === 0) return target;
  throw new CommandFailed(exitCodes.usage, 'Exactly one of --event and --consumer is required.');
}

/** Asks for the id on standard input. Throws CommandFailed for any other answer. */
async function confirm(given: Given, { kind, id }: ReturnType<typeof targetOf>): Promise<void> {
  given.progress(
    `The data of ${kind} '${id}' will be erased. This cannot be undone. Type '${id}' to confirm:`,
  );
  const lines = createInterface({ input: given.input.stdin });
  try {
    for await (const line of lines) {
      if (line.trim() === id) return;
      break;
    }
  } finally {
    lines.close();
  }
  throw new CommandFailed(exitCodes.usage, `Nothing was erased: '${id}' was not typed. --yes does not ask.`);
}

/** tidings erase. */
export const eraseCommands: readonly CommandSpec[] = [
  {
    name: 'erase',
    description: 'erase the data of one event or one consumer, and show the progress of the job',
    options,
    examples: [
      'erase --event evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f --yes',
      "erase --consumer acme --reason 'request 4711' --yes",
    ],
    view: { rows: jobRows },
    run: async (given, target) => {
      const erased = targetOf(given);
      if (given.options['yes'] !== true) await confirm(given, erased);
      const fields = { event_id: 'event', consumer_id: 'consumer', reason: 'reason' };
      const body = fieldsOf(given, fields);
      const headers = onceHeader(given);
      const request = { method: 'POST', path: '/v1/webhooks/erasures', body, headers } as const;
      const job = (await callApi(target, request)) as Job;
      if (given.options['wait'] === false) return job;
      const onProgress = (line: string): void => given.progress(line);
      return watchJob(target, job.id, { deadlineMs: Number.POSITIVE_INFINITY, onProgress });
    },
    failsWhen: jobFailure,
  },
];

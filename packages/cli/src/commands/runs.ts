import { requestsAt } from '../api/requests-at.ts';
import {
  type CommandSpec,
  fieldsOf,
  inPath,
  onceHeader,
  onceOption,
  pageOptions,
  pageQuery,
} from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';
import { runRows } from './run-rows.ts';

const path = '/v1/webhooks/runs';
const at = requestsAt(path);
const args = [{ name: 'id', description: 'id of the run, run_…' }] as const;
const one = 'run_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f';

/** tidings runs … */
export const runCommands: readonly CommandSpec[] = [
  {
    name: 'runs list',
    description: 'list the runs that events have started in worker applications, newest first',
    options: [
      {
        flags: '--status <status>',
        description: 'only runs that are running, waiting, completed, failed or cancelled',
      },
      { flags: '--app <name>', description: 'only runs of this worker application' },
      { flags: '--handler <name>', description: 'only runs of handlers of this name' },
      { flags: '--event <id>', description: 'only runs that this event started, evt_…' },
      { flags: '--consumer <id>', description: 'only runs of events that are addressed to this consumer' },
      ...timeOptions,
      ...pageOptions,
    ],
    examples: ['runs list --status failed --since 2h', 'runs list --app shop --handler order.paid --json'],
    view: {
      columns: [
        ['ID', 'id'],
        ['APP', 'app'],
        ['HANDLER', 'handler'],
        ['STATUS', 'status'],
        ['STARTED', 'started_at'],
        ['FAILED STEP', (run) => Reflect.get(Object(Reflect.get(run, 'failure')), 'step')],
        ['WAITS UNTIL', 'waiting_until'],
        ['EVENT', 'event_id'],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path,
      query: {
        ...fieldsOf(given, { status: 'status', app: 'app', handler: 'handler' }),
        ...fieldsOf(given, { event_id: 'event', consumer_id: 'consumer' }),
        ...timesOf(given, ['started_after', 'started_before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'runs show',
    description: 'show a run with its steps and their attempts',
    args,
    examples: [`runs show ${one}`],
    view: { text: runRows },
    request: at.get(),
  },
  {
    name: 'runs retry',
    description: 'continue a failed run from the step that failed; steps that succeeded are not run again',
    args,
    options: [onceOption],
    examples: [`runs retry ${one}`],
    view: { text: runRows },
    request: at.act('retry'),
  },
  {
    name: 'runs cancel',
    description: 'end a run: no further step begins, and nothing is compensated',
    args,
    options: [{ flags: '--reason <text>', description: 'shown with the run' }, onceOption],
    examples: [`runs cancel ${one} --reason 'ordered twice'`],
    view: { text: runRows },
    request: (given) => ({
      method: 'POST',
      path: `${path}/${inPath(given, 'id')}/cancel`,
      body: fieldsOf(given, { reason: 'reason' }),
      headers: onceHeader(given),
    }),
  },
];

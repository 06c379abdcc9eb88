import { requestsAt } from '../api/requests-at.ts';
import { type CommandSpec, fieldsOf, pageOptions, pageQuery } from '../command.ts';
import { orderCommands } from './order-runs.ts';
import { failureOf, failureOptions, runFilterOf, runFilterOptions } from './run-filters.ts';
import { runRows } from './run-rows.ts';

const path = '/v1/webhooks/runs';
const at = requestsAt(path);
const args = [{ name: 'id', description: 'id of the run, run_…' }] as const;
const one = 'run_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f';

/** Returns the number of steps by status, such as `2 succeeded, 1 failed`. */
const stepsText = (counts: unknown): string | null => {
  const some = Object.entries(Object(counts) as Readonly<Record<string, unknown>>).filter(
    ([, count]) => count !== 0,
  );
  return some.length === 0 ? null : some.map(([status, count]) => `${String(count)} ${status}`).join(', ');
};

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
      ...runFilterOptions,
      ...failureOptions,
      ...pageOptions,
    ],
    examples: [
      'runs list --status failed --since 2h',
      'runs list --app shop --ordering-key order-1042 --json',
    ],
    view: {
      columns: [
        ['ID', 'id'],
        ['APP', 'app'],
        ['HANDLER', 'handler'],
        ['STATUS', 'status'],
        ['STARTED', 'started_at'],
        ['STEPS', (run) => stepsText(Reflect.get(run, 'step_counts'))],
        ['FAILED STEP', (run) => Reflect.get(Object(Reflect.get(run, 'failure')), 'step')],
        ['WAITS UNTIL', 'waiting_until'],
        ['EVENT', 'event_id'],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path,
      query: {
        ...fieldsOf(given, { status: 'status' }),
        ...runFilterOf(given),
        ...failureOf(given),
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
  ...orderCommands,
];

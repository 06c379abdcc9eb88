import { type CommandSpec, fieldsOf, inPath, pageOptions, pageQuery } from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

/** tidings audit-log … */
export const auditLogCommands: readonly CommandSpec[] = [
  {
    name: 'audit-log list',
    description: 'list changes and their authors, newest first; requires the scope admin',
    options: [
      {
        flags: '--kind <kind>',
        description: 'only changes of a subscription, consumer, event_type, api-key, workspace …',
      },
      {
        flags: '--entity <id>',
        description: 'only changes of this object; for a consumer or event type <workspace>/<id or name>',
      },
      { flags: '--key <id>', description: 'only changes made with this key, key_…' },
      ...timeOptions,
      ...pageOptions,
    ],
    examples: [
      'audit-log list --since 2h',
      'audit-log list --kind subscription --from 2026-11-01 --to 2026-11-08 --json',
    ],
    view: {
      columns: [
        ['AT', 'at'],
        ['OPERATION', 'operation'],
        ['KIND', 'kind'],
        ['ENTITY', 'entity_id'],
        ['VERSION', 'version'],
        ['BY', (entry) => keyOf(entry) ?? 'Tidings itself'],
        ['CHANGED', (entry) => Object.keys((entry as Entry).after ?? {})],
      ],
    },
    request: (given) => ({
      method: 'GET',
      path: '/v1/webhooks/audit-log',
      query: {
        ...fieldsOf(given, { kind: 'kind', entity_id: 'entity', key_id: 'key' }),
        ...timesOf(given, ['after', 'before']),
        ...pageQuery(given),
      },
    }),
  },
  {
    name: 'audit-log get',
    description: 'show a change with the fields before and after; requires the scope admin',
    args: [{ name: 'id', description: 'id of the entry, aud_…' }],
    examples: ['audit-log get aud_019aab3cf40000000002a1b2c3d4e5f6'],
    view: 'object',
    request: (given) => ({ method: 'GET', path: `/v1/webhooks/audit-log/${inPath(given, 'id')}` }),
  },
];

type Entry = Readonly<{ actor?: Readonly<{ key_id?: string | null }>; after?: object }>;

const keyOf = (entry: object): string | null | undefined => (entry as Entry).actor?.key_id;

import { type CommandSpec, onceHeader, onceOption, secondsOf } from '../command.ts';

/** tidings portal … */
export const portalCommands: readonly CommandSpec[] = [
  {
    name: 'portal link',
    description:
      'create a link that opens the portal of a consumer; whoever has it has the access of that consumer',
    options: [
      { flags: '--consumer <id>', description: 'consumer whose portal it opens (required)' },
      { flags: '--path <path>', description: 'page to open, such as /deliveries?status=dead_lettered' },
      {
        flags: '--scope <scope>',
        description: 'a permission; repeatable (default: all that consumers can have)',
        many: true,
      },
      {
        flags: '--expires-in <duration>',
        description: 'how long the link and its sessions last, such as 90s or 15m (default), at most 1h',
      },
      onceOption,
    ],
    examples: [
      'portal link --consumer acme',
      "portal link --consumer acme --path '/deliveries?status=dead_lettered' --expires-in 1h",
    ],
    view: 'object',
    request: (given) => ({
      method: 'POST',
      path: '/v1/webhooks/portal-links',
      body: {
        consumer_id: given.options['consumer'],
        path: given.options['path'],
        scopes: given.options['scope'],
        expires_in_seconds: secondsOf(given, 'expiresIn'),
      },
      headers: onceHeader(given),
    }),
  },
  {
    name: 'portal get',
    description: 'show the appearance of the portal; workspaces update --data changes it',
    examples: ['portal get --json'],
    view: 'object',
    request: () => ({ method: 'GET', path: '/v1/webhooks/portal' }),
  },
];

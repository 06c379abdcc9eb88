import type { CommandSpec, Given } from '../command.ts';

// The noun for one object of each group, and the command that lists them.
const nouns: Readonly<Record<string, string>> = {
  subscriptions: 'subscription',
  'event-types': 'event type',
  deliveries: 'delivery',
  'dead-letters': 'dead letter',
  jobs: 'job',
  exports: 'export',
  consumers: 'consumer',
  'api-keys': 'API key',
  workspaces: 'workspace',
};

/**
 * Returns the meaning of a 404 for the object that a command names, in terms of the command line, since the API's text
 * refers to paths and ids. Null for a command that names no object.
 */
export function missingText(spec: CommandSpec, given: Given): string | null {
  const [group = ''] = spec.name.split(' ');
  const { noun = nouns[group], list = `${group} list` } = spec.names ?? {};
  const [argument] = spec.args ?? [];
  const namesOne = argument?.name === 'id' || argument?.name === 'name';
  const value = namesOne ? (given.args[argument.name] ?? '') : '';
  if (noun === undefined || value === '') return null;
  return `404 Not found: There is no ${noun} '${value}', or your key has no access to it. tidings ${list} shows the existing ones.`;
}

import { callApi } from './api/call-api.ts';
import type { Target } from './api/find-target.ts';
import {
  bodyOf,
  type CommandSpec,
  countOf,
  dataOption,
  type Given,
  ifMatch,
  nameOfFile,
  type OptionSpec,
  textOf,
  versionOption,
} from './command.ts';
import { CommandFailed } from './command-failed.ts';
import { exitCodes } from './exit-codes.ts';
import { changedFields, type ReadOnlyFields } from './input/changed-fields.ts';
import { readJson } from './input/read-input.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A kind of object that can be updated: its command group, its path, the options that set its fields, and its read-only
 * fields.
 */
export type Changeable = Readonly<{
  /** The first word of its commands, for example `subscriptions`. */
  group: string;
  description: string;
  args: NonNullable<CommandSpec['args']>;
  pathOf(given: Given): string;
  options: readonly OptionSpec[];
  fieldsOf(given: Given): Fields | Promise<Fields>;
  readOnly: ReadOnlyFields;
  examples: readonly string[];
}>;

const fileOption: OptionSpec = {
  flags: '--file <file>',
  description:
    'edited output of `get --json` (FILE or -): changes what differs, if the version is still the same',
};

/** Creates a command that updates only the given fields: by options, or from the edited response of `get --json`. */
export function updateCommand(changeable: Changeable): CommandSpec {
  const { group, description, args, options, examples } = changeable;
  const [{ name: argument = 'id' } = {}] = args;
  return {
    name: `${group} update`,
    description,
    args,
    options: [...options, dataOption, fileOption, versionOption],
    examples: [
      ...examples,
      `${group} get ${exampleOf(examples)} --json > one.json && $EDITOR one.json`,
      `${group} update ${exampleOf(examples)} --file one.json`,
    ],
    view: 'object',
    run: async (given, target) => {
      const path = changeable.pathOf(given);
      const fields = await bodyOf(given, await changeable.fieldsOf(given));
      const file = textOf(given, 'file');
      if (file !== undefined) {
        refuseBoth(fields);
        return updateByFile({ target, path, given, file, changeable });
      }
      refuseNothing(fields, changeable, argument);
      return callApi(target, { method: 'PATCH', path, body: fields, headers: ifMatch(given) });
    },
  };
}

const exampleOf = ([example = '']: readonly string[]): string => example.split(' ')[2] ?? '';

const isGiven = (value: unknown): boolean => value !== undefined;

function refuseBoth(fields: Fields): void {
  if (!Object.values(fields).some(isGiven)) return;
  throw new CommandFailed(exitCodes.usage, '--file includes all fields: use no other field option with it.');
}

function refuseNothing(fields: Fields, { group, options }: Changeable, argument: string): void {
  if (Object.values(fields).some(isGiven)) return;
  const flags = [...options, dataOption, fileOption].map(({ flags: text }) => text.split(' ')[0]);
  const message = `Nothing to change: use ${flags.join(', ')}. tidings ${group} get ${argument.toUpperCase()} shows the current values.`;
  throw new CommandFailed(exitCodes.usage, message);
}

type FileUpdate = Readonly<{
  target: Target;
  path: string;
  given: Given;
  file: string;
  changeable: Changeable;
}>;

async function updateByFile({ target, path, given, file, changeable }: FileUpdate): Promise<unknown> {
  const name = nameOfFile(file);
  const wanted = await readJson(name, file === '-' ? '-' : `@${file.replace(/^@/, '')}`, given.input);
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    throw new CommandFailed(exitCodes.usage, `${name} must contain one object, as \`get --json\` prints it.`);
  }
  const current = (await callApi(target, { method: 'GET', path })) as Fields;
  const body = changedFields(current, wanted as Fields, changeable.readOnly);
  if (Object.keys(body).length === 0) {
    given.progress('No differences: nothing is changed.');
    return current;
  }
  const version: unknown = countOf(given, 'ifMatch') ?? Reflect.get(wanted, 'version') ?? current['version'];
  return callApi(target, { method: 'PATCH', path, body, headers: { 'if-match': `"${String(version)}"` } });
}

import type { ApiRequest } from './call-api.ts';
import { CommandFailed, exitCodes } from './exit-codes.ts';
import type { Target } from './find-target.ts';
import { type Input, readCount, readJson } from './read-input.ts';
import { readSeconds } from './read-time.ts';
import type { View } from './show.ts';

/**
 * The contents of a command line: arguments by name, options by their name in camelCase, what files are read from, and
 * `progress`, which tells on standard error how far a long command is.
 */
export type Given = Readonly<{
  args: Readonly<Record<string, string>>;
  options: Readonly<Record<string, unknown>>;
  input: Input;
  progress(text: string): void;
}>;

/** One option. `many`: it may be given more than once. */
export type OptionSpec = Readonly<{ flags: string; description: string; many?: true }>;

/** One command of the tool. `examples` are shown by its --help, without `tidings` before them. */
export type CommandSpec = Readonly<{
  /** Such as `subscriptions list`. */
  name: string;
  description: string;
  args?: readonly Readonly<{ name: string; description: string; optional?: true }>[];
  options?: readonly OptionSpec[];
  examples: readonly string[];
  view: View;
  /** The noun for what its first argument names, for the text of a 404, and the command that lists those; default: by its group. */
  names?: Readonly<{ noun: string; list: string }>;
  /** Why the command failed although the API answered, in words; null when it did not. */
  failsWhen?(body: object): string | CommandFailed | null;
}> &
  (
    | Readonly<{ request(given: Given): ApiRequest | Promise<ApiRequest> }>
    | Readonly<{ run(given: Given, target: Target): Promise<unknown> }>
  );

/** The text of an option; undefined when it was not given. */
export function textOf({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The whole number of an option; undefined when it was not given. Throws CommandFailed when it is none. */
export function countOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : readCount(flagOf(name), text);
}

/** The seconds of an option that is a duration; undefined when it was not given. Throws CommandFailed when it is none. */
export function secondsOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : readSeconds(flagOf(name), text);
}

/** The JSON of an option; undefined when it was not given. Throws CommandFailed when it is none. */
export async function jsonOf(given: Given, name: string): Promise<unknown> {
  const text = textOf(given, name);
  return text === undefined ? undefined : readJson(flagOf(name), text, given.input);
}

/** The JSON of the file that an argument names, `-` for standard input. Throws CommandFailed when it is none. */
export async function fileOf(given: Given, argument: string): Promise<unknown> {
  const file = given.args[argument] ?? '';
  return readJson(nameOfFile(file), file === '-' ? '-' : `@${file}`, given.input);
}

/** Returns a file as a message begins with it. */
export const nameOfFile = (file: string): string => (file === '-' ? 'Standard input' : `The file '${file}'`);

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Fields of the API by the options that say them: `{ consumer_id: 'consumer' }`. */
export const fieldsOf = (
  given: Given,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(names).map(([field, name]) => [field, textOf(given, name)]));

/** The body of a request: what `--data` says, with the fields that have options of their own in its place. */
export async function bodyOf(
  given: Given,
  fields: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const base = (await jsonOf(given, 'data')) ?? {};
  if (typeof base !== 'object' || base === null || Array.isArray(base)) {
    throw new CommandFailed(exitCodes.usage, `--data must be a JSON object, got ${JSON.stringify(base)}.`);
  }
  const named = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(named) };
}

/**
 * Returns an argument as a part of a path. Throws CommandFailed for one that a URL cannot carry as a part of its own: an empty
 * one and the dot segments, which clients remove (RFC 3986 section 5.2.4).
 */
export function inPath({ args }: Given, name: string): string {
  const value = args[name] ?? '';
  if (!/^\.{0,2}$/.test(value)) return encodeURIComponent(value);
  throw new CommandFailed(exitCodes.usage, `<${name}> cannot be '${value}': nothing has that id.`);
}

/** Other fields of a body, for {@link bodyOf}. */
export const dataOption: OptionSpec = {
  flags: '--data <json>',
  description: 'any other fields of the API (JSON, @FILE or -); options win',
};

/** Says which version a change is based on, for {@link ifMatch}. */
export const versionOption: OptionSpec = {
  flags: '--if-match <version>',
  description: 'only if it is still this version',
};

/** The header of {@link versionOption}. */
export const ifMatch = (given: Given): Readonly<Record<string, string | undefined>> => {
  const version = countOf(given, 'ifMatch');
  return { 'if-match': version === undefined ? undefined : `"${version}"` };
};

/** Makes a repeat of a creation safe, for {@link onceHeader}. */
export const onceOption: OptionSpec = {
  flags: '--idempotency-key <key>',
  description: 'makes a repeat of this command safe',
};

/** The header of {@link onceOption}. */
export const onceHeader = (given: Given): Readonly<Record<string, string | undefined>> => ({
  'idempotency-key': textOf(given, 'idempotencyKey'),
});

/** The options of a list. */
export const pageOptions: readonly OptionSpec[] = [
  { flags: '--limit <n>', description: 'how many to list, 1 to 100 (default: 30)' },
  { flags: '--cursor <cursor>', description: 'go on where the last list ended' },
];

/** The query of {@link pageOptions}. */
export const pageQuery = (given: Given): Readonly<Record<string, string | undefined>> =>
  fieldsOf(given, { limit: 'limit', cursor: 'cursor' });

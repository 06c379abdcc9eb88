import type { ApiRequest } from './api/call-api.ts';
import type { Target } from './api/find-target.ts';
import { CommandFailed } from './command-failed.ts';
import { exitCodes } from './exit-codes.ts';
import { type Input, readCount, readJson } from './input/read-input.ts';
import { readSeconds } from './input/read-time.ts';
import type { View } from './output/show.ts';

/**
 * The parsed command line: arguments by name, options by their name in camelCase, the sources that files are read from,
 * and `progress`, which reports the progress of a long command on standard error.
 */
export type Given = Readonly<{
  args: Readonly<Record<string, string>>;
  options: Readonly<Record<string, unknown>>;
  input: Input;
  progress(text: string): void;
  env: NodeJS.ProcessEnv;
  /** Calls `stop` at the first Ctrl-C instead of ending the process at once. */
  onInterrupt(stop: () => void): void;
  /** Prints a line of the result of a command that prints while it runs; its view is `none`. */
  print(text: string): void;
}>;

/** One option. `many`: it may be repeated. */
export type OptionSpec = Readonly<{ flags: string; description: string; many?: true }>;

/** One command of the tool. Its --help shows `examples`, without the leading `tidings`. */
export type CommandSpec = Readonly<{
  /** For example `subscriptions list`. */
  name: string;
  description: string;
  args?: readonly Readonly<{ name: string; description: string; optional?: true }>[];
  options?: readonly OptionSpec[];
  examples: readonly string[];
  view: View;
  /**
   * The noun for the object that the first argument names, used in the text of a 404, and the command that lists such
   * objects. Default: derived from the command's group.
   */
  names?: Readonly<{ noun: string; list: string }>;
  /** Returns the reason why the command failed although the API responded; null if it succeeded. */
  failsWhen?(body: object): string | CommandFailed | null;
}> &
  (
    | Readonly<{ request(given: Given): ApiRequest | Promise<ApiRequest> }>
    | Readonly<{ run(given: Given, target: Target): Promise<unknown> }>
    /** Of a command that also works without the API, which `target` finds or throws CommandFailed. */
    | Readonly<{ runOffline(given: Given, target: () => Target): Promise<unknown> }>
  );

/** Returns the text of an option; undefined if it was not given. */
export function textOf({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Returns the integer value of an option; undefined if it was not given. Throws CommandFailed if it is not an integer.
 */
export function countOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : readCount(flagOf(name), text);
}

/**
 * Returns a duration option in seconds; undefined if it was not given. Throws CommandFailed if it is not a duration.
 */
export function secondsOf(given: Given, name: string): number | undefined {
  const text = textOf(given, name);
  return text === undefined ? undefined : readSeconds(flagOf(name), text);
}

/** Returns the JSON value of an option; undefined if it was not given. Throws CommandFailed if it is not JSON. */
export async function jsonOf(given: Given, name: string): Promise<unknown> {
  const text = textOf(given, name);
  return text === undefined ? undefined : readJson(flagOf(name), text, given.input);
}

/**
 * Returns the JSON value of the file that an argument names, `-` for standard input, or of an argument that is itself an
 * object or array. Throws CommandFailed if it is not JSON.
 */
export async function fileOf(given: Given, argument: string): Promise<unknown> {
  const file = given.args[argument] ?? '';
  if (/^\s*[{[]/.test(file)) return readJson(`The ${argument}`, file, given.input);
  return readJson(nameOfFile(file), file === '-' ? '-' : `@${file}`, given.input);
}

/** Returns a file's name in the form that begins a message. */
export const nameOfFile = (file: string): string => (file === '-' ? 'Standard input' : `The file '${file}'`);

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Returns API fields from the options that set them: `{ consumer_id: 'consumer' }`. */
export const fieldsOf = (
  given: Given,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(names).map(([field, name]) => [field, textOf(given, name)]));

/** Returns the body of a request: the fields of `--data`, overridden by the fields that have options of their own. */
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
 * Returns an argument, encoded as a path segment. Throws CommandFailed for one that no URL can contain as a segment: an
 * empty one and the dot segments, which clients remove (RFC 3986 section 5.2.4).
 */
export function inPath({ args }: Given, name: string): string {
  const value = args[name] ?? '';
  if (!/^\.{0,2}$/.test(value)) return encodeURIComponent(value);
  throw new CommandFailed(exitCodes.usage, `<${name}> cannot be '${value}': no object has that id.`);
}

/** The option for all other fields of a body, read by {@link bodyOf}. */
export const dataOption: OptionSpec = {
  flags: '--data <json>',
  description: 'any other fields of the API (JSON, @FILE or -); options take precedence',
};

/** The option for the version that a change is based on, read by {@link ifMatch}. */
export const versionOption: OptionSpec = {
  flags: '--if-match <version>',
  description: 'only if this is still its version',
};

/** Returns the If-Match header for {@link versionOption}. */
export const ifMatch = (given: Given): Readonly<Record<string, string | undefined>> => {
  const version = countOf(given, 'ifMatch');
  return { 'if-match': version === undefined ? undefined : `"${version}"` };
};

/** The option that makes a repeated creation safe, read by {@link onceHeader}. */
export const onceOption: OptionSpec = {
  flags: '--idempotency-key <key>',
  description: 'makes a repeat of this command safe',
};

/** Returns the Idempotency-Key header for {@link onceOption}. */
export const onceHeader = (given: Given): Readonly<Record<string, string | undefined>> => ({
  'idempotency-key': textOf(given, 'idempotencyKey'),
});

/** The options of a list command. */
export const pageOptions: readonly OptionSpec[] = [
  { flags: '--limit <n>', description: 'maximum number of results, 1 to 100 (default: 30)' },
  { flags: '--cursor <cursor>', description: 'continue after the previous page' },
];

/** Returns the query parameters for {@link pageOptions}. */
export const pageQuery = (given: Given): Readonly<Record<string, string | undefined>> =>
  fieldsOf(given, { limit: 'limit', cursor: 'cursor' });

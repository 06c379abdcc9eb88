import type { ApiRequest } from './call-api.ts';
import type { Target } from './find-target.ts';
import type { View } from './show.ts';

/** What was given on a command line: arguments by name, and options by their name in camelCase. */
export type Given = Readonly<{
  args: Readonly<Record<string, string>>;
  options: Readonly<Record<string, unknown>>;
}>;

/** One option. `many`: it may be given more than once. */
export type OptionSpec = Readonly<{ flags: string; says: string; many?: true }>;

/** One command of the tool. `examples` are shown by its --help, without `tidings` before them. */
export type CommandSpec = Readonly<{
  /** Such as `subscriptions list`. */
  name: string;
  says: string;
  args?: readonly Readonly<{ name: string; says: string }>[];
  options?: readonly OptionSpec[];
  examples: readonly string[];
  view: View;
}> &
  (
    | Readonly<{ request(given: Given): ApiRequest | Promise<ApiRequest>; failsWhen?(body: object): boolean }>
    | Readonly<{ run(given: Given, target: Target): Promise<unknown> }>
  );

/** The text of an option; undefined when it was not given. */
export function textOf({ options }: Given, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** An argument, as a part of a path. */
export const inPath = ({ args }: Given, name: string): string => encodeURIComponent(args[name] ?? '');

/** The options of a list. */
export const pageOptions: readonly OptionSpec[] = [
  { flags: '--limit <n>', says: 'how many to list, 1 to 100 (default: 30)' },
  { flags: '--cursor <cursor>', says: 'go on where the last list ended' },
];

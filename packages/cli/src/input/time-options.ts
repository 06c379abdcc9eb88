import { type Given, type OptionSpec, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readTime } from './read-time.ts';

/** The time options of a list of past events. */
export const timeOptions: readonly OptionSpec[] = [
  { flags: '--since <duration>', description: 'only of the last 2h, 7d …; also a time or a day' },
  { flags: '--from <time>', description: 'only after this time, RFC 3339 or a day; the same as --since' },
  { flags: '--to <time>', description: 'only before this time, RFC 3339, a day, or 1h for an hour ago' },
];

/**
 * Returns the query parameters that {@link timeOptions} set; `names` are the API's names for after and before. Throws
 * CommandFailed for an invalid time, and if --since and --from are both given.
 */
export function timesOf(
  given: Given,
  [after, before]: readonly [string, string],
): Readonly<Record<string, string | undefined>> {
  const [since, from, to] = ['since', 'from', 'to'].map((name) => {
    const text = textOf(given, name);
    return text === undefined ? undefined : readTime(`--${name}`, text);
  });
  if (since !== undefined && from !== undefined) {
    throw new CommandFailed(exitCodes.usage, '--since and --from have the same meaning: use one of them.');
  }
  return { [after]: since ?? from, [before]: to };
}

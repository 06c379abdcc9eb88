import { buffer } from 'node:stream/consumers';
import { type Given, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { parse, readBytes, readText } from './read-input.ts';

/** Returns the bytes of the file that the argument `body` names, or of standard input, unchanged. */
export async function readBodyFile(given: Given): Promise<Buffer> {
  const file = given.args['body'] || '-';
  return file === '-' ? buffer(given.input.stdin) : readBytes(file, given.input);
}

/**
 * Returns the headers of --header and --headers-file, names and values in turn. A file has lines, also with the marks of
 * `curl -v`, or a JSON object. Throws CommandFailed for a header without a colon.
 */
export async function readHeaders(given: Given): Promise<readonly string[]> {
  const lines = (given.options['header'] as readonly string[] | undefined) ?? [];
  const own = lines.flatMap((line) => pairOf('--header', line));
  const file = textOf(given, 'headersFile');
  return file === undefined ? own : [...own, ...(await readHeadersFile(file, given))];
}

async function readHeadersFile(file: string, { input }: Given): Promise<readonly string[]> {
  const text = await readText(file === '-' ? '-' : `@${file}`, input);
  if (text.trimStart().startsWith('{')) return pairsOfObject(parse('--headers-file', text));
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[<>*] /, '').trim())
    .filter((line) => /^[^\s:]+:/.test(line))
    .flatMap((line) => pairOf('--headers-file', line));
}

function pairsOfObject(value: unknown): readonly string[] {
  return Object.entries(value ?? {}).flatMap(([name, given]: [string, unknown]) =>
    (Array.isArray(given) ? given : [given]).flatMap((one: unknown) => [name, String(one)]),
  );
}

function pairOf(option: string, line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  throw new CommandFailed(exitCodes.usage, `${option} must be 'Name: value', got '${line}'.`);
}

/**
 * Returns the secrets of --secret, each text or `@FILE`, else that of an environment variable. Throws CommandFailed
 * without any.
 */
export async function readSecrets(
  given: Given,
  variable = 'TIDINGS_WEBHOOK_SECRET',
): Promise<readonly string[]> {
  const many = given.options['secret'];
  const texts = many === undefined ? [given.env[variable] ?? ''] : [many].flat().map(String);
  const secrets = await Promise.all(
    // An editor ends the file with a line feed, which is not part of the secret.
    texts.map(async (text) => (text.startsWith('@') ? (await readText(text, given.input)).trim() : text)),
  );
  const known = secrets.filter((secret) => secret !== '');
  if (known.length > 0) return known;
  throw new CommandFailed(exitCodes.usage, `No secret: give --secret (@FILE reads one) or set ${variable}.`);
}

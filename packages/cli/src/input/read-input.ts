import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { textFaults } from '@tidings/json';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/** The sources that a command reads from: standard input, and the folder that relative file names refer to. */
export type Input = Readonly<{ stdin: Readable; folder: string }>;

/**
 * Returns the text of an option: its value, the content of `@FILE`, or standard input for `-`. Throws CommandFailed for
 * a file that cannot be read and for text that is not UTF-8.
 */
export async function readText(option: string, input: Input): Promise<string> {
  if (option === '-') return decodeText('Standard input', await buffer(input.stdin));
  if (!option.startsWith('@')) return option;
  const file = option.slice(1);
  if (file === '-') return decodeText('Standard input', await buffer(input.stdin));
  return decodeText(`The file '${file}'`, await readBytes(file, input));
}

/** Returns the bytes of a file. Throws CommandFailed for one that cannot be read. */
export async function readBytes(file: string, { folder }: Input): Promise<Buffer> {
  try {
    return await readFile(resolve(folder, file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `The file '${file}' cannot be read: ${reason}.`);
  }
}

/**
 * Decodes UTF-8 and removes a byte order mark: editors on Windows write one, and RFC 8259 (8.1) allows a reader to skip
 * it. Throws CommandFailed for UTF-16, UTF-32 and anything else that is not UTF-8. `what` begins the message.
 */
export function decodeText(what: string, bytes: Buffer): string {
  const encoding = encodingOf(bytes);
  if (encoding !== null) {
    throw new CommandFailed(exitCodes.usage, `${what} must be UTF-8, but is ${encoding}: save it as UTF-8.`);
  }
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

// JSON begins with an ASCII character, so a zero byte among the first two means UTF-16 or UTF-32 without a mark.
function encodingOf(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 4).toString('hex');
  if (head === 'fffe0000' || head === '0000feff') return 'UTF-32';
  if (head.startsWith('fffe') || head.startsWith('feff')) return 'UTF-16';
  if (bytes.length >= 2 && (bytes[0] === 0 || bytes[1] === 0))
    return 'UTF-16 or UTF-32 without a byte order mark';
  return isUtf8(bytes) ? null : 'another encoding';
}

/**
 * Returns the JSON value of an option's text; see {@link readText}. Throws CommandFailed if it is not JSON, and if
 * parsing would change its value.
 */
export async function readJson(name: string, option: string, input: Input): Promise<unknown> {
  return parseJson(name, await readText(option, input));
}

// A duplicate field, a number that a double rounds, a lone surrogate: the tool serialises values again and would change
// them.
function parseJson(name: string, text: string): unknown {
  const value = parse(name, text);
  const [fault] = textFaults(Buffer.from(text));
  if (fault === undefined) return value;
  throw new CommandFailed(exitCodes.usage, `${name}: ${fault.pointer || 'it'} ${fault.detail}.`);
}

/** Returns the value of JSON text that is sent unchanged. Throws CommandFailed if it is not JSON. */
export function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `${name} must be JSON: ${visible(reason)}.`);
  }
}

// Replaces white space and marks that are invisible in a terminal by their code points.
const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u00a0\u2000-\u200a\u202f\u3000]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `U+${code}`;
  });

/** Returns a non-negative integer. Throws CommandFailed for anything else. */
export function readCount(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandFailed(exitCodes.usage, `${name} must be a non-negative integer, got '${text}'.`);
}

import { readFile } from 'node:fs/promises';
import { text as textOfStream } from 'node:stream/consumers';
import { CommandFailed, exitCodes } from './exit-codes.ts';

/** The text that an option means: itself, `@FILE`, or `-` for what comes in on standard input. */
export async function readText(option: string): Promise<string> {
  if (option === '-') return textOfStream(process.stdin);
  if (!option.startsWith('@')) return option;
  try {
    return await readFile(option.slice(1), 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `The file '${option.slice(1)}' cannot be read: ${reason}.`);
  }
}

/** JSON from the text that an option means; see {@link readText}. */
export async function readJson(name: string, option: string): Promise<unknown> {
  return parseJson(name, await readText(option));
}

/** JSON. Throws CommandFailed when it is none. */
export function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `${name} must be JSON: ${reason}.`);
  }
}

/** A whole number. Throws CommandFailed for anything else. */
export function readCount(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandFailed(exitCodes.usage, `${name} must be a whole number, got '${text}'.`);
}

import type { Readable } from 'node:stream';
import { elementsOf, membersOf } from '@tidings/json';
import { type EventInput, fakeTidings } from '@tidings/sdk';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { decodeText } from '../input/read-input.ts';

/** An event of a file, or its fault. `place` is its position: `line 3`, or `/2` in an array. */
export type EventLine = Readonly<
  { place: string } & ({ event: EventInput; bytes: number } | { fault: string })
>;

// The field names of the API, and those of the SDK.
const names: ReadonlyMap<string, keyof EventInput> = new Map([
  ['type', 'type'],
  ['id', 'id'],
  ['source', 'source'],
  ['time', 'time'],
  ['consumer_id', 'consumerId'],
  ['ordering_key', 'orderingKey'],
]);

const newline = 0x0a;
// Every ingress accepts at most 1 MiB per event; an endless line must not exhaust the memory.
const maxLineBytes = 4 * 1024 * 1024;

/**
 * Reads events from JSON lines as a stream, or from one JSON array, which is buffered. `data` is kept byte for byte.
 * Throws CommandFailed for text that is not UTF-8, for an array that is not JSON, and for a line longer than 4 MiB.
 */
export async function* readEvents(what: string, bytes: Readable): AsyncGenerator<EventLine> {
  const chunks = bytes[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  const head = await headOf(chunks);
  if (isArray(head)) {
    const rest: Buffer[] = [];
    for await (const chunk of chunks) rest.push(chunk);
    yield* elements(what, decodeText(what, Buffer.concat([head, ...rest])));
    return;
  }
  let number = 0;
  for await (const line of linesOf(what, head, chunks)) {
    number += 1;
    const text = decodeText(`${what}, line ${number},`, line);
    if (text.trim() !== '') yield readEvent(`line ${number}`, text);
  }
}

const withoutBlanks = (head: Buffer): string =>
  head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
const isArray = (head: Buffer): boolean => withoutBlanks(head).startsWith('[');

// Reads enough bytes to determine the first character.
async function headOf(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (withoutBlanks(head) === '') {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* linesOf(what: string, head: Buffer, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let kept = head;
  for await (const chunk of joined(head, chunks)) {
    kept = chunk === head ? head : Buffer.concat([kept, chunk]);
    let start = 0;
    for (let end = kept.indexOf(newline); end >= 0; end = kept.indexOf(newline, start)) {
      yield kept.subarray(start, end);
      start = end + 1;
    }
    kept = kept.subarray(start);
    if (kept.length > maxLineBytes) {
      throw new CommandFailed(exitCodes.usage, `${what} has a line of more than ${maxLineBytes} bytes.`);
    }
  }
  if (kept.length > 0) yield kept;
}

async function* joined(head: Buffer, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* chunks;
}

function elements(what: string, text: string): readonly EventLine[] {
  const json = Buffer.from(text);
  try {
    JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(exitCodes.usage, `${what} must be JSON lines or a JSON array: ${reason}.`);
  }
  return elementsOf(json).map(({ start: from, end }, index) =>
    readEvent(`/${index}`, json.toString('utf8', from, end)),
  );
}

function readEvent(place: string, text: string): EventLine {
  try {
    return { place, event: eventOf(text), bytes: Buffer.byteLength(text) };
  } catch (error) {
    return { place, fault: error instanceof Error ? error.message : String(error) };
  }
}

function eventOf(text: string): EventInput {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('must be an object');
  const json = Buffer.from(text);
  const event: Record<string, unknown> = {};
  for (const { name, start, end } of membersOf(json)) {
    const field = name === 'data' ? 'dataJson' : names.get(name);
    if (field === undefined)
      throw new Error(`unknown field '${name}': the fields are data, ${[...names.keys()].join(', ')}`);
    if (Object.hasOwn(event, field)) throw new Error(`'${name}' occurs more than once`);
    event[field] = name === 'data' ? json.toString('utf8', start, end) : Reflect.get(value, name);
  }
  return event as EventInput;
}

/** Returns the reason why the SDK would refuse an event before sending it; null if it would not. */
export async function faultOf(event: EventInput): Promise<string | null> {
  try {
    await fakeTidings().publish(event);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

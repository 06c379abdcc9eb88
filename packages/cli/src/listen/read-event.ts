import { setTimeout as wait } from 'node:timers/promises';
import { membersOf } from '@tidings/json';
import { callApiText } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/** An event as the API shows it. `data`: byte for byte, also large ones; null if it is erased or has expired. */
export type ReadEvent = Readonly<{
  id: string;
  type: string;
  time: string;
  source: string;
  workspaceId: string;
  data: Buffer | null;
  dataStatus: string;
  /** Headers of the webhook that it was; null for a published event. */
  receivedHeaders: Readonly<Record<string, string | readonly string[]>> | null;
}>;

const firstPauseMs = 100;
const maxPauseMs = 3_000;
// The history has an event a moment after the stream.
const eventMissingMs = 15_000;

/**
 * Reads an event, and waits while the API is not available. Throws CommandFailed for an event that is not there, and for
 * a key that may not read it.
 */
export async function readEvent(target: Target, id: string, stop: AbortSignal): Promise<ReadEvent> {
  const path = `/v1/webhooks/events/${id}`;
  const event = eventOf(await readText(target, path, { missingMs: eventMissingMs, stop }));
  if (event.dataStatus !== 'stored') return event;
  return { ...event, data: Buffer.from(await readText(target, `${path}/data`, { missingMs: 0, stop })) };
}

/** Reads a JSON text, and waits while the API is not available, and `missingMs` for what is not there. */
async function readText(
  target: Target,
  path: string,
  { missingMs, stop }: Readonly<{ missingMs: number; stop: AbortSignal }>,
): Promise<string> {
  const beganMs = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await callApiText(target, { method: 'GET', path });
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      const isEarly = error.status === 404 && performance.now() - beganMs < missingMs;
      if (!isEarly && error.exitCode !== exitCodes.unavailable) throw error;
      await wait(Math.min(maxPauseMs, firstPauseMs * 2 ** tries), null, { signal: stop });
    }
  }
}

type Shown = Readonly<{
  id: string;
  type: string;
  time: string;
  source: string;
  workspace_id?: string;
  data_status: string;
  data_encoding: string | null;
  data: unknown;
  received: Readonly<{ headers: ReadEvent['receivedHeaders'] }> | null;
}>;

function eventOf(text: string): ReadEvent {
  const shown = JSON.parse(text) as Shown;
  const { id, type, time, source, workspace_id: workspaceId = '', received } = shown;
  return {
    ...{ id, type, time, source, workspaceId, data: dataOf(shown, text), dataStatus: shown.data_status },
    receivedHeaders: received?.headers ?? null,
  };
}

// The text and not the parsed value: numbers and white space stay as they were sent.
function dataOf({ data_status: status, data_encoding: encoding, data }: Shown, text: string): Buffer | null {
  if (status !== 'available') return null;
  if (encoding === 'base64') return Buffer.from(String(data), 'base64');
  const json = Buffer.from(text);
  const member = membersOf(json).find(({ name }) => name === 'data');
  return member === undefined ? null : json.subarray(member.start, member.end);
}

import { setTimeout as wait } from 'node:timers/promises';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Target } from './find-target.ts';
import { mayBeRepeated } from './may-be-repeated.ts';
import { problemText } from './problem-text.ts';

/** One message of a stream: its kind, its id, and its data. */
export type StreamFrame = Readonly<{ event: string; id: string | undefined; data: Record<string, unknown> }>;

/** Options of {@link followStream}: `onRetry` is called before each pause, with the reason. */
export type FollowOptions = Readonly<{
  query: Readonly<Record<string, string | undefined>>;
  lastId: string | undefined;
  onRetry(reason: string): void;
  /** Ends the stream. */
  signal?: AbortSignal;
}>;

const firstPauseMs = 250;
const maxPauseMs = 10_000;
// Three heartbeats: a connection that is silent for longer is dead.
const silenceMs = 45_000;

/**
 * Yields the messages of a stream, without end, or until the signal. Connects again after a failure, with growing pauses, and goes on after
 * the last message. Throws CommandFailed for a refusal that a repetition would not change.
 */
export async function* followStream(target: Target, options: FollowOptions): AsyncGenerator<StreamFrame> {
  let { lastId } = options;
  const stop = options.signal ?? new AbortController().signal;
  for (let failures = 0; !stop.aborted; failures += 1) {
    try {
      for await (const frame of connection(target, { ...options, lastId, stop })) {
        failures = 0;
        lastId = frame.id ?? lastId;
        yield frame;
      }
      options.onRetry('the stream was closed');
    } catch (error) {
      if (stop.aborted) return;
      if (error instanceof CommandFailed && error.exitCode !== exitCodes.unavailable) throw error;
      options.onRetry(error instanceof Error ? error.message : String(error));
    }
    // Ended by the signal: the loop ends.
    await wait(Math.min(maxPauseMs, firstPauseMs * 2 ** failures), null, { signal: stop }).catch(() => null);
  }
}

async function* connection(
  { url, apiKey }: Target,
  { query, lastId, stop }: Pick<FollowOptions, 'query' | 'lastId'> & Readonly<{ stop: AbortSignal }>,
): AsyncGenerator<StreamFrame> {
  const given = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined);
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`nothing arrived for ${silenceMs / 1_000} s`)),
    silenceMs,
  );
  try {
    const response = await fetch(`${url}/v1/webhooks/stream?${new URLSearchParams(given)}`, {
      headers: {
        ...{ authorization: `Bearer ${apiKey}`, accept: 'text/event-stream' },
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
      redirect: 'error',
      signal: AbortSignal.any([silence.signal, stop]),
    });
    if (!response.ok || response.body === null) throw await refusalOf(response);
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const frame = frameOf(block);
        if (frame !== null) yield frame;
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

async function refusalOf(response: Response): Promise<CommandFailed> {
  const text = await response.text();
  const isPassing = mayBeRepeated(response.status);
  return new CommandFailed(
    isPassing ? exitCodes.unavailable : exitCodes.refused,
    problemText(response.status, parse(text)),
    response.status,
  );
}

function frameOf(block: string): StreamFrame | null {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(':', 1)[0], line.replace(/^[^:]*: ?/, '')]),
  );
  const data = parse(fields.get('data') ?? '');
  if (typeof data !== 'object' || data === null) return null;
  const id = fields.get('id');
  return { event: fields.get('event') ?? 'message', id, data: data as Record<string, unknown> };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The response is not from the API, or a comment: there is nothing to show.
    return undefined;
  }
}

import { EventSourceParserStream } from 'eventsource-parser/stream';
import { fetchApi, type Schemas } from './client.ts';

/** One message of the live stream. */
export type StreamMessage = Schemas['StreamMessage'];

/** The filters of `GET /v1/webhooks/stream`, and what is told of it. `onState`: false while it is interrupted. */
export type StreamOptions = Readonly<{
  query: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** Goes on behind the message with this id. */
  lastId?: string | undefined;
  onMessage: (message: StreamMessage) => void;
  /** Called with the id of each message: where another stream can go on. */
  onId?: (id: string) => void;
  onState: (isOpen: boolean) => void;
}>;

const firstWaitMs = 500;
const maxWaitMs = 15_000;
// The API sends something at least every 15 s: a connection that is silent for longer is dead, whatever the browser says.
const maxSilenceMs = 40_000;
const checkMs = 5_000;

/**
 * Follows the live stream until `signal` aborts: resumes after an interruption where it was, with pauses that grow, and at
 * once when the browser is online again. Rejects with ApiProblem if the API refuses it (400, 401, 403).
 */
export async function followStream(options: StreamOptions): Promise<void> {
  const { signal, onState } = options;
  let lastId = options.lastId;
  let waitMs = firstWaitMs;
  const onOpen = (): void => {
    waitMs = firstWaitMs;
    onState(true);
  };
  const onId = (id: string): void => {
    lastId = id;
    options.onId?.(id);
  };
  while (!signal.aborted) {
    try {
      await readStream({ ...options, lastId, onOpen, onId });
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
      if (status >= 400 && status < 500 && status !== 429) throw error;
    }
    if (signal.aborted) return;
    onState(false);
    await pause(waitMs, signal);
    waitMs = Math.min(maxWaitMs, waitMs * 2);
  }
}

type Reading = Pick<StreamOptions, 'query' | 'signal' | 'lastId' | 'onMessage'> &
  Readonly<{ onOpen: () => void; onId: (id: string) => void }>;

/** Reads one connection to its end, or until the browser is offline or nothing has come for too long. */
async function readStream({ query, signal, lastId, onMessage, onOpen, onId }: Reading): Promise<void> {
  const connection = new AbortController();
  const end = (): void => connection.abort();
  let heardMs = Date.now();
  const watchdog = setInterval(() => {
    if (Date.now() - heardMs > maxSilenceMs) end();
  }, checkMs);
  signal.addEventListener('abort', end, { once: true });
  addEventListener('offline', end);
  try {
    const url = new URL(`/v1/webhooks/stream?${new URLSearchParams(query)}`, location.origin);
    const headers = {
      accept: 'text/event-stream',
      ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
    };
    const response = await fetchApi(new Request(url, { headers, signal: connection.signal }));
    onOpen();
    const parsed = response.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { id, data } of parsed ?? []) {
      heardMs = Date.now();
      if (data !== '') onMessage(JSON.parse(data) as StreamMessage);
      if (id !== undefined && id !== '') onId(id);
    }
  } finally {
    clearInterval(watchdog);
    signal.removeEventListener('abort', end);
    removeEventListener('offline', end);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => wake(), ms);
    const wake = (): void => {
      clearTimeout(timer);
      removeEventListener('online', wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    addEventListener('online', wake);
    signal.addEventListener('abort', wake);
  });
}

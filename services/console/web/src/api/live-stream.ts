import { EventSourceParserStream } from 'eventsource-parser/stream';
import { fetchApi, type Schemas } from './client.ts';

/** One message of the live stream. */
export type StreamMessage = Schemas['StreamMessage'];

/** The filters of `GET /v1/webhooks/stream`, and what is told of it. `onState`: false while it is interrupted. */
export type StreamOptions = Readonly<{
  query: Readonly<Record<string, string>>;
  signal: AbortSignal;
  onMessage: (message: StreamMessage) => void;
  onState: (isOpen: boolean) => void;
}>;

const firstWaitMs = 500;
const maxWaitMs = 15_000;

/**
 * Follows the live stream until `signal` aborts: resumes after an interruption where it was, with pauses that grow.
 * Rejects with ApiProblem if the API refuses it (400, 401, 403).
 */
export async function followStream({ query, signal, onMessage, onState }: StreamOptions): Promise<void> {
  let lastId: string | undefined;
  let waitMs = firstWaitMs;
  while (!signal.aborted) {
    try {
      const url = new URL(`/v1/webhooks/stream?${new URLSearchParams(query)}`, location.origin);
      const headers = {
        accept: 'text/event-stream',
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      };
      const response = await fetchApi(new Request(url, { headers, signal }));
      onState(true);
      waitMs = firstWaitMs;
      const parsed = response.body
        ?.pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream());
      for await (const { id, data } of parsed ?? []) {
        if (id !== undefined && id !== '') lastId = id;
        if (data !== '') onMessage(JSON.parse(data) as StreamMessage);
      }
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof Error && 'status' in error ? Number(error.status) : 0;
      if (status >= 400 && status < 500 && status !== 429) throw error;
    }
    onState(false);
    await pause(waitMs, signal);
    waitMs = Math.min(maxWaitMs, waitMs * 2);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

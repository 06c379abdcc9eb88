import { onTestFinished } from 'vitest';

/** One frame as a reader receives it. */
export type ReceivedFrame = Readonly<{ event: string; id: string | null; data: Record<string, unknown> }>;

type Open = Readonly<{ key?: string; query?: string; lastEventId?: string }>;

/** Parses the text of server-sent events: the whole frames, and the rest. */
function parseFrames(text: string): Readonly<{ frames: readonly ReceivedFrame[]; rest: string }> {
  const blocks = text.split('\n\n');
  const rest = blocks.pop() ?? '';
  const frames = blocks.flatMap((block) => {
    const lines = block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string?]);
    const of = (name: string) => lines.find(([field]) => field === name)?.[1];
    const data = of('data');
    if (data === undefined) return [];
    return [
      { event: of('event') ?? '', id: of('id') ?? null, data: JSON.parse(data) as Record<string, unknown> },
    ];
  });
  return { frames, rest };
}

/** Opens a stream and collects its frames until it is closed. */
export async function openTestStream(url: string, { key, query = '', lastEventId }: Open = {}) {
  const abort = new AbortController();
  const response = await fetch(`${url}/v1/webhooks/stream${query}`, {
    signal: abort.signal,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  });
  const frames: ReceivedFrame[] = [];
  let isEnded = false;
  const collect = async () => {
    if (response.body === null || response.status !== 200) return;
    let text = '';
    try {
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        const parsed = parseFrames(text + chunk);
        text = parsed.rest;
        frames.push(...parsed.frames);
      }
    } catch {
      // Aborted by the test, or cut by the server: `isEnded` says so.
    }
    isEnded = true;
  };
  void collect();
  const close = () => abort.abort();
  onTestFinished(close);
  return {
    response,
    frames,
    close,
    isEnded: () => isEnded,
    /** The frames about events and deliveries. */
    messages: () => frames.filter(({ event }) => ['event', 'attempt', 'state'].includes(event)),
    lastId: () => frames.findLast(({ id }) => id !== null)?.id ?? null,
  };
}

/** A reader that has an open stream. */
export type TestStream = Awaited<ReturnType<typeof openTestStream>>;

import { setTimeout as pause } from 'node:timers/promises';

type Message = Readonly<Record<string, unknown>>;

/** A reader of the live stream that leaves every few seconds, and comes back with the id of its last message. */
export type StreamReader = Readonly<{
  /** The messages that it has received, in order. */
  messages: readonly Message[];
  /** The number of connections that it has had. */
  connections(): number;
  /** The number of connections that the server ended since this reader was slow: the next one goes on where it ended. */
  dropped(): number;
  /** Frames that say that something is missing, streams that the server ended otherwise, and answers that were none. */
  faults: readonly string[];
  close(): Promise<void>;
}>;

type Reading = Readonly<{ url: string; key: string; query: string; leaveAfterMs: number }>;

export const startStreamReader = ({ url, key, query, leaveAfterMs }: Reading): StreamReader => {
  const messages: Message[] = [];
  const faults: string[] = [];
  let leaving = new AbortController();
  let isClosed = false;
  let connections = 0;
  let dropped = 0;
  let lastId: string | undefined;
  const take = (frame: string): void => {
    lastId = /^id: (.*)$/m.exec(frame)?.[1] ?? lastId;
    const kind = /^event: (.*)$/m.exec(frame)?.[1] ?? '';
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (kind === 'closing' && frame.includes('"slow-reader"')) dropped += 1;
    else if (kind === 'gap' || kind === 'closing') faults.push(frame);
    else if (data !== undefined && !['ready', 'heartbeat'].includes(kind))
      messages.push(JSON.parse(data) as Message);
  };
  const connect = async (): Promise<void> => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(lastId !== undefined && { 'last-event-id': lastId }),
    };
    const { signal } = leaving;
    const response = await fetch(`${url}/v1/webhooks/stream?${query}`, { headers, signal });
    if (response.status !== 200 || response.body === null) {
      faults.push(`${response.status}: ${await response.text()}`);
      return;
    }
    connections += 1;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const frames = (text + chunk).split('\n\n');
      // The frame that is cut off here comes again: its id has not been taken.
      text = frames.pop() ?? '';
      for (const frame of frames) take(frame);
    }
  };
  const read = async (): Promise<void> => {
    while (!isClosed) {
      leaving = new AbortController();
      const timer = setTimeout(() => leaving.abort(), leaveAfterMs);
      await connect().catch((error: unknown) => {
        if (!leaving.signal.aborted) faults.push(String(error));
      });
      clearTimeout(timer);
      await pause(50);
    }
  };
  const reading = read();
  return {
    messages,
    faults,
    connections: () => connections,
    dropped: () => dropped,
    close: async () => {
      isClosed = true;
      leaving.abort();
      await reading;
    },
  };
};

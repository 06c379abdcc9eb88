/** One frame of a stream: `json` is one line. */
export type Frame = Readonly<{ event: string; id: string; json: string }>;

/**
 * Reasons for which the server ends a stream: too much is unsent, its key may no longer read it, the log cannot be read
 * now, the process stops.
 */
export const endReasons = ['slow-reader', 'revoked', 'unavailable', 'stopping'] as const;
/** See {@link endReasons}. */
export type EndReason = (typeof endReasons)[number];

/** Frames that several readers receive: each form is created once. */
export class FrameBatch {
  readonly #frames: readonly Frame[];
  #sse: Buffer | undefined;
  #texts: readonly string[] | undefined;

  constructor(frames: readonly Frame[]) {
    this.#frames = frames;
  }

  get size(): number {
    return this.#frames.length;
  }

  /** The frames as server-sent events. */
  get sse(): Buffer {
    this.#sse ??= Buffer.from(
      this.#frames.map(({ event, id, json }) => `event: ${event}\nid: ${id}\ndata: ${json}\n\n`).join(''),
    );
    return this.#sse;
  }

  /** The frames as JSON texts with `event`, `id` and `data`, one for each WebSocket message. */
  get texts(): readonly string[] {
    this.#texts ??= this.#frames.map(
      ({ event, id, json }) => `{"event":"${event}","id":"${id}","data":${json}}`,
    );
    return this.#texts;
  }
}

/** The connection of one reader. */
export type Sink = Readonly<{
  send(batch: FrameBatch): void;
  /** Bytes that are written and not sent yet. */
  unsentBytes(): number;
  isClosed(): boolean;
  /** Resolves when everything is sent, or the connection is closed, or at the deadline. */
  drained(timeoutMs: number): Promise<void>;
  /** Tells the reader why, and closes the connection; what is unsent after a grace period is dropped. */
  end(reason: EndReason): void;
  /** Calls back once when the connection is closed, by either side. */
  onClosed(listener: () => void): void;
}>;

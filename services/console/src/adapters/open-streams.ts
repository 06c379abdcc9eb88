import type { ServerResponse } from 'node:http';
import type { Clock } from '@tidings/runtime';

/** The session that keeps a stream open: it ends at `endsAtMs` (epoch milliseconds) unless it is used before. */
export type StreamLease = Readonly<{ endsAtMs: number; isSignedOut(): boolean }>;

type OpenStream = Readonly<{ end: () => void; lease: StreamLease | null }>;

/**
 * The open streams of clients. A stream ends with the session that opened it: its client connects again, which shows
 * whether the session was used meanwhile. All end when the console stops: their clients connect again elsewhere.
 */
export class OpenStreams {
  readonly #streams = new Map<ServerResponse, OpenStream>();
  readonly #clock: Clock;
  #isEnding = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a stream with the function that ends it. */
  add(response: ServerResponse, end: () => void, lease: StreamLease | null): void {
    if (this.#isEnding || lease?.isSignedOut() === true) {
      end();
      return;
    }
    this.#streams.set(response, { end, lease });
    const cancel = lease === null ? null : this.#endAt(lease.endsAtMs, end);
    response.once('close', () => {
      this.#streams.delete(response);
      cancel?.();
    });
  }

  /** Ends the streams whose session was signed out. */
  endSignedOut(): void {
    for (const { end, lease } of this.#streams.values()) if (lease?.isSignedOut() === true) end();
  }

  /** Ends every stream, also one that begins later. */
  end(): void {
    this.#isEnding = true;
    for (const { end } of this.#streams.values()) end();
  }

  #endAt(endsAtMs: number, end: () => void): () => void {
    return this.#clock.setTimer(end, Math.max(0, endsAtMs - this.#clock.nowMs()) + 1);
  }
}

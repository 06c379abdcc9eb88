import type { Readable } from 'node:stream';
import { messageOf } from '@tidings/runtime';

/** Bytes, or what opens a stream of them. */
export type BodySource = Buffer | Readonly<{ open(): Readable }>;

/** The body of one exchange. */
export class RequestBody {
  readonly #source: BodySource;
  #stream: Readable | undefined;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Opens the body. `onUnreadable`: undici would report it as a failure of the connection, which is the endpoint's. */
  open(onUnreadable: (detail: string) => void): Buffer | Readable {
    if (this.#source instanceof Uint8Array) return this.#source;
    this.#stream = this.#source.open();
    this.#stream.on('error', (error) => onUnreadable(`the body cannot be read: ${messageOf(error)}`));
    return this.#stream;
  }

  /** True while the connection could take more of the body, and the source has none. */
  get isAwaited(): boolean {
    const stream = this.#stream;
    // undici pauses the stream while the socket is full.
    return stream?.readableFlowing === true && stream.readableLength === 0 && !stream.readableEnded;
  }

  close(): void {
    this.#stream?.destroy();
  }
}

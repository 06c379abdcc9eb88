import { Readable } from 'node:stream';

/**
 * The body of an object as it comes from a server. Ends with an error if bytes are asked for and none come for `idleMs`. A
 * reader that asks for none, such as one that sends them to a slow receiver, may take its time.
 */
export class WatchedBody extends Readable {
  readonly #source: Readable;
  readonly #idleMs: number;
  readonly #errorOf: (cause: Error) => Error;
  #timer: NodeJS.Timeout | undefined;

  /** `errorOf` returns the error for the reader. */
  constructor(source: Readable, idleMs: number, errorOf: (cause: Error) => Error) {
    super();
    this.#source = source;
    this.#idleMs = idleMs;
    this.#errorOf = errorOf;
    source.pause();
    source.on('data', (chunk: Buffer) => {
      clearTimeout(this.#timer);
      if (!this.push(chunk)) source.pause();
      else this.#wait();
    });
    source.on('end', () => this.push(null));
    source.on('error', (error) => this.destroy(errorOf(error)));
    source.on('close', () => {
      if (!source.readableEnded) this.destroy(errorOf(new Error('the server closed the connection')));
    });
  }

  override _read(): void {
    this.#wait();
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#source.destroy();
    done(error);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.destroy(this.#errorOf(new Error(`no byte came for ${this.#idleMs} ms`)));
    }, this.#idleMs);
  }
}

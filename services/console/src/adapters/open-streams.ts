import type { ServerResponse } from 'node:http';

/** The open streams of clients, which end when the console stops: their clients connect again elsewhere. */
export class OpenStreams {
  readonly #ends = new Map<ServerResponse, () => void>();
  #isEnding = false;

  /** Adds a stream with the function that ends it. */
  add(response: ServerResponse, end: () => void): void {
    if (this.#isEnding) {
      end();
      return;
    }
    this.#ends.set(response, end);
    response.once('close', () => this.#ends.delete(response));
  }

  /** Ends every stream, also one that begins later. */
  end(): void {
    this.#isEnding = true;
    for (const end of this.#ends.values()) end();
  }
}

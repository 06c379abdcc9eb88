import { connect, type Socket } from 'node:net';

/** The status and Retry-After (0 without one) of a response. Status 0: the connection ended without one. */
export type Answer = Readonly<{ status: number; retryAfterSeconds: number }>;

/** One connection with one request at a time, written as bytes: an HTTP client would cost as much as what it measures. */
export class Connection {
  readonly #socket: Socket;
  #received = '';
  #onAnswer: ((answer: Answer) => void) | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#read(text));
    this.#socket
      .on('error', () => this.#socket.destroy())
      .on('close', () => this.#end({ status: 0, retryAfterSeconds: 0 }));
  }

  /** True if the next request needs another connection. */
  get isClosed(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  send(request: Buffer, onAnswer: (answer: Answer) => void): void {
    this.#onAnswer = onAnswer;
    if (this.isClosed) this.#end({ status: 0, retryAfterSeconds: 0 });
    else this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? '0');
    if (this.#received.length < head + 4 + length) return;
    const status = Number(this.#received.slice(9, 12));
    const retryAfterSeconds = Number(/retry-after: (\d+)/i.exec(this.#received)?.[1] ?? '0');
    this.#received = '';
    this.#end({ status, retryAfterSeconds });
  }

  #end(answer: Answer): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(answer);
  }
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { Random } from '../run/random.ts';
import type { Behaviour } from './endpoints.ts';

type Answer = Readonly<{ status: number; afterMs: number; retryAfterSeconds: number | null }>;

const answer = (status: number, afterMs = 0, retryAfterSeconds: number | null = null): Answer => ({
  status,
  afterMs,
  retryAfterSeconds,
});

// Hexadecimal digits: one in eight. Were it all of them, the circuit breaker would let none be attempted to its end.
const isRejected = (webhookId: string): boolean => /[08]$/.test(webhookId);

/** Returns the response of an endpoint to a request; null: it never responds. */
const answerOf = (behaviour: Behaviour, random: Random, webhookId: string): Answer | null => {
  switch (behaviour) {
    case 'steady':
      return answer(204);
    case 'slow':
      return answer(204, random.between(50, 400));
    case 'flaky':
      return random.next() < 0.2 ? answer(500) : answer(204);
    case 'busy':
      return random.next() < 0.1 ? answer(429, 0, 2) : answer(204);
    case 'hanging':
      return random.next() < 0.05 ? null : answer(204);
    case 'rejecting':
      return isRejected(webhookId) ? answer(400) : answer(204);
  }
};

const headerOf = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

/** The endpoints of the partners, all on one server: the first part of the path is the endpoint. Writes down every request. */
export class Receiver {
  readonly #server: Server;
  readonly #behaviours = new Map<string, Behaviour>();
  #received = 0;

  constructor(history: HistoryWriter, random: Random) {
    this.#server = createServer((request, response) => {
      const at = Date.now();
      const endpoint = `/${(request.url ?? '').split('/')[1] ?? ''}`;
      const chunks: Buffer[] = [];
      let planned: Answer | null = null;
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        planned = answerOf(
          this.#behaviours.get(endpoint) ?? 'steady',
          random,
          headerOf(request, 'webhook-id'),
        );
        if (planned !== null) this.#respond(response, planned);
      });
      response.once('close', () => {
        this.#received += 1;
        history.write({
          ...({ kind: 'request', endpoint, at, endedAt: Date.now() } as const),
          status: response.writableFinished ? response.statusCode : null,
          retryAfterSeconds: response.writableFinished ? (planned?.retryAfterSeconds ?? null) : null,
          webhookId: headerOf(request, 'webhook-id'),
          timestamp: headerOf(request, 'webhook-timestamp'),
          signature: headerOf(request, 'webhook-signature'),
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    this.#server.keepAliveTimeout = 60_000;
  }

  get received(): number {
    return this.#received;
  }

  behave(endpoint: string, behaviour: Behaviour): void {
    this.#behaviours.set(endpoint, behaviour);
  }

  /** Every endpoint answers 204 from now on. */
  heal(): void {
    for (const endpoint of this.#behaviours.keys()) this.#behaviours.set(endpoint, 'steady');
  }

  /** Returns the URL of the server. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #respond(response: ServerResponse, { status, afterMs, retryAfterSeconds }: Answer): void {
    const send = (): void => {
      if (response.destroyed) return;
      response
        .writeHead(status, retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) })
        .end();
    };
    if (afterMs === 0) send();
    else setTimeout(send, afterMs);
  }
}

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** One received request. */
export type Receipt = Readonly<{
  webhookId: string;
  eventId: string;
  body: Buffer;
  headers: Readonly<Record<string, string>>;
  atMs: number;
}>;

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** A real endpoint that verifies every request with the `standardwebhooks` package and records it. */
export type Collector = Readonly<{
  url: string;
  /** Sets the secret of the subscription that points here; requests that arrive earlier wait for it. */
  trust(secret: string): void;
  receipts: readonly Receipt[];
  /** Requests whose signature was invalid, with the reason. */
  refused: readonly string[];
  /** Responds to the next `count` requests with this status instead of 204. */
  failNext(count: number, status: number): void;
  eventIds(): ReadonlySet<string>;
  /** Returns the number of receipts beyond the first of each webhook-id. */
  duplicates(): number;
  close(): Promise<void>;
}>;

export const startCollector = async (): Promise<Collector> => {
  const receipts: Receipt[] = [];
  const refused: string[] = [];
  const failures: number[] = [];
  let trusted: (webhook: Webhook) => void = () => undefined;
  const verifier = new Promise<Webhook>((resolve) => {
    trusted = resolve;
  });
  const server = createServer((request, response) => {
    const handle = async (): Promise<void> => {
      const body = await readBody(request);
      const headers = request.headers as Record<string, string>;
      const status = failures.shift();
      try {
        (await verifier).verify(body, headers);
      } catch (error) {
        refused.push(String(error));
        response.writeHead(401).end();
        return;
      }
      const { id } = JSON.parse(body.toString('utf8')) as { id: string };
      receipts.push({
        webhookId: headers['webhook-id'] as string,
        eventId: id,
        body,
        headers,
        atMs: Date.now(),
      });
      response.writeHead(status ?? 204).end();
    };
    handle().catch((error: unknown) => {
      refused.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    trust: (secret) => trusted(new Webhook(secret)),
    receipts,
    refused,
    failNext: (count, status) => {
      for (let i = 0; i < count; i += 1) failures.push(status);
    },
    eventIds: () => new Set(receipts.map((receipt) => receipt.eventId)),
    duplicates: () => receipts.length - new Set(receipts.map((receipt) => receipt.webhookId)).size,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
};

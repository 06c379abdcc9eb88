import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { verify } from '@tidings/signing';

/** The keys that a receiver trusts: secrets (`whsec_…`) or public keys (`whpk_…`). */
export type Trusted = Readonly<{ secrets?: readonly string[]; publicKeys?: readonly string[] }>;

type Receipt = Readonly<{ path: string; number: number; headers: IncomingHttpHeaders; body: Buffer }>;

/** The endpoints of several subscriptions, a path for each, that verify every request with the keys they trust then. */
export type VerifyingEndpoint = Readonly<{
  url: string;
  trust(path: string, keys: Trusted): void;
  /** Requests whose signature none of the trusted keys made, as text. */
  refused: readonly string[];
  /** The numbers of the events that came to a path. */
  numbers(path: string): ReadonlySet<number>;
  /** Returns true if the newest request of a path was signed with one of the keys. */
  isNewestSignedWith(path: string, keys: Trusted): boolean;
  close(): Promise<void>;
}>;

/** Starts the endpoints. A request that is refused is answered 401, as a receiver should. */
export async function startVerifyingEndpoint(): Promise<VerifyingEndpoint> {
  const trusted = new Map<string, Trusted>();
  const newest = new Map<string, Receipt>();
  const numbers = new Map<string, Set<number>>();
  const refused: string[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url: path = '/', headers } = request;
    const body = await buffer(request);
    const found = verify({ headers, body, ...trusted.get(path) });
    const { data } = JSON.parse(body.toString()) as Readonly<{ data: Readonly<{ number: number }> }>;
    if (found.ok) {
      newest.set(path, { path, number: data.number, headers, body });
      numbers.set(path, (numbers.get(path) ?? new Set()).add(data.number));
    } else refused.push(`${path} ${data.number}: ${found.reason}, ${String(headers['webhook-signature'])}`);
    response.writeHead(found.ok ? 204 : 401).end();
  };
  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trust: (path, keys) => void trusted.set(path, keys),
    refused,
    numbers: (path) => numbers.get(path) ?? new Set(),
    isNewestSignedWith: (path, keys) => {
      const receipt = newest.get(path);
      return receipt !== undefined && verify({ ...receipt, ...keys }).ok;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

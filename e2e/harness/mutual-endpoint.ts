import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from '@tidings/testing';
import type { Numbered } from './keyed-load.ts';

/** A request that was accepted: the name of the authority of its client certificate, and the value of the header. */
export type MutualReceipt = Readonly<{ issuer: string; header: string; key: string; number: number }>;

/** Authorities of client certificates, in PEM, and values of the header that an endpoint accepts. */
export type AcceptedCredentials = Readonly<{ authorities: readonly string[]; headers: readonly string[] }>;

/** An endpoint that asks for a client certificate and a secret header. */
export type MutualEndpoint = Readonly<{
  url: string;
  /** Replaces what is accepted. Connections that are open stay open. */
  accept(credentials: AcceptedCredentials): void;
  receipts: readonly MutualReceipt[];
  /** Requests that were answered 401, and handshakes that failed. */
  refused: readonly string[];
  /** Returns the events that have not come, given the number of those that were accepted for each key. */
  missing(accepted: ReadonlyMap<string, number>): readonly string[];
  close(): Promise<void>;
}>;

type Options = Readonly<{ server: Certificate; header: string }>;

/** Starts the endpoint. It accepts nothing before {@link MutualEndpoint.accept}. */
export async function startMutualEndpoint({ server: own, header }: Options): Promise<MutualEndpoint> {
  const receipts: MutualReceipt[] = [];
  const refused: string[] = [];
  let headers: readonly string[] = [];
  const tls = { ...own, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ ...tls, ca: [] }, (request, response) => {
    const given = String(request.headers[header]);
    const receive = async (): Promise<void> => {
      const { data } = JSON.parse((await buffer(request)).toString()) as Readonly<{ data?: Numbered }>;
      if (!headers.includes(given) || data === undefined) {
        refused.push(`${data?.key} ${data?.number}: '${given}'`);
        response.writeHead(401).end();
        return;
      }
      const issuer = String((request.socket as TLSSocket).getPeerCertificate().issuer.CN);
      receipts.push({ issuer, header: given, key: data.key, number: data.number });
      response.writeHead(204).end();
    };
    receive().catch(() => response.destroy());
  });
  server.on('tlsClientError', (error) => refused.push(String(error)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    accept: ({ authorities, headers: accepted }) => {
      headers = accepted;
      server.setSecureContext({ ...own, ca: [...authorities] });
    },
    receipts,
    refused,
    missing: (accepted) => {
      const come = new Set(receipts.map(({ key, number }) => `${key} ${number}`));
      return [...accepted].flatMap(([key, count]) =>
        Array.from({ length: count }, (_, number) => `${key} ${number}`).filter((one) => !come.has(one)),
      );
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Numbered } from './keyed-load.ts';

type Receipt = Numbered & Readonly<{ path: string; webhookId: string; receivedMs: number }>;

/** The behaviour of the endpoint of a path: its status, and how long it takes. */
export type Behaviour = Readonly<{ status: number; tookMs: number }>;

/** One server for the endpoints of several subscriptions, a path for each. */
export type KeyedEndpoint = Readonly<{
  url: string;
  /** Receipts in their order; those that were not answered 204 too. */
  receipts: readonly Receipt[];
  /** The most requests of a path that were open at once. */
  mostAtOnce(path: string): number;
  /** Events that came first before an earlier one of their key had come, as text. */
  orderBreaks(paths: readonly string[]): string[];
  /** The accepted events of these keys that have not come. */
  missing(accepted: ReadonlyMap<string, number>, paths: readonly string[]): string[];
  /** Receipts of the paths beyond the first of each webhook-id. */
  duplicates(paths: readonly string[]): number;
  /** The longest time without a receipt at a path, in milliseconds, with the path. */
  longestPause(paths: readonly string[]): Readonly<{ path: string; ms: number }>;
  /** The percentile of the time from publishing to the first receipt, in milliseconds. */
  latency(paths: readonly string[], share: number): number;
  close(): Promise<void>;
}>;

export async function startKeyedEndpoint(
  behaviours: Readonly<Record<string, Behaviour>> = {},
): Promise<KeyedEndpoint> {
  const receipts: Receipt[] = [];
  const open = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (path: string, by: number): void => {
    const now = (open.get(path) ?? 0) + by;
    open.set(path, now);
    most.set(path, Math.max(most.get(path) ?? 0, now));
  };
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    count(path, 1);
    // A sender that is killed closes its connections.
    response.once('close', () => count(path, -1));
    const { data } = JSON.parse(await text(request)) as Readonly<{ data: Numbered }>;
    receipts.push({
      ...data,
      path,
      webhookId: String(request.headers['webhook-id']),
      receivedMs: Date.now(),
    });
    const { status, tookMs } = behaviours[path] ?? { status: 204, tookMs: 0 };
    if (tookMs > 0) await delay(tookMs);
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = (paths: readonly string[]): readonly Receipt[] =>
    receipts.filter(({ path }) => paths.includes(path));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    receipts,
    mostAtOnce: (path) => most.get(path) ?? 0,
    orderBreaks: (paths) => orderBreaksOf(at(paths)),
    missing: (accepted, paths) => {
      const come = new Set(at(paths).map(({ key, number }) => `${key} ${number}`));
      const keys = new Set([...accepted.keys()].filter((key) => paths.includes(`/${key.split('-')[0]}`)));
      return [...keys].flatMap((key) =>
        Array.from({ length: accepted.get(key) ?? 0 }, (_, number) => `${key} ${number}`).filter(
          (name) => !come.has(name),
        ),
      );
    },
    duplicates: (paths) => at(paths).length - new Set(at(paths).map(({ webhookId }) => webhookId)).size,
    longestPause: (paths) => {
      const pauses = paths.map((path) => {
        const times = at([path]).map(({ receivedMs }) => receivedMs);
        const gaps = times.slice(1).map((time, before) => time - (times[before] ?? time));
        return { path, ms: Math.max(0, ...gaps) };
      });
      return pauses.reduce((one, other) => (other.ms > one.ms ? other : one), { path: '', ms: 0 });
    },
    latency: (paths, share) => {
      const first = new Map<string, number>();
      for (const { key, number, atMs, receivedMs } of at(paths)) {
        const name = `${key} ${number}`;
        if (!first.has(name)) first.set(name, receivedMs - atMs);
      }
      const sorted = [...first.values()].sort((one, other) => one - other);
      return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function orderBreaksOf(receipts: readonly Receipt[]): string[] {
  const next = new Map<string, number>();
  const breaks: string[] = [];
  for (const { key, number } of receipts) {
    const expected = next.get(key) ?? 0;
    if (number > expected) breaks.push(`${key}: ${number} before ${expected}`);
    if (number >= expected) next.set(key, number + 1);
  }
  return breaks;
}

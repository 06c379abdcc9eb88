import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The endpoints of a benchmark, in a separate process so that their CPU use is measured apart. The path selects the
 * behaviour: `/hook…` responds 204 at once and records the end-to-end time of each first receipt, from the `sent_at`
 * that the load generator wrote into the data, unless it is a replay; `/hang` never responds; `/slow` responds 204 after 100 ms. Only `/hook…`
 * is counted.
 */
let latencies: number[] = [];
let seen = new Set<string>();
let repeats = 0;
let replayed = 0;
let lastAtMs = 0;
const sentAt = /"sent_at":([0-9.]+)/;

const note = (id: string, body: string, isReplay: boolean): void => {
  const nowMs = performance.timeOrigin + performance.now();
  if (seen.has(id)) {
    repeats += 1;
    return;
  }
  seen.add(id);
  const sent = sentAt.exec(body)?.[1];
  if (isReplay) replayed += 1;
  else if (sent !== undefined) latencies.push(nowMs - Number(sent));
  lastAtMs = nowMs;
};

const answer = (path: string, response: ServerResponse): void => {
  if (path.startsWith('/hang')) return;
  if (path.startsWith('/slow')) setTimeout(() => response.writeHead(204).end(), 100);
  else response.writeHead(204).end();
};

const server = createServer((request, response) => {
  const path = request.url ?? '';
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (path.startsWith('/hook')) {
      const isReplay = request.headers['x-webhook-trigger'] === 'replay';
      note(String(request.headers['webhook-id']), Buffer.concat(chunks).toString('latin1'), isReplay);
    }
    answer(path, response);
  });
});

process.on('message', (message: 'count' | 'take') => {
  if (message === 'count') {
    process.send?.({ received: seen.size });
    return;
  }
  process.send?.({ received: seen.size, repeats, replayed, lastAtMs, latencies });
  latencies = [];
  seen = new Set();
  repeats = 0;
  replayed = 0;
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the benchmark too, which still asks what has arrived and disconnects when it has stopped its stack.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

server.keepAliveTimeout = 60_000;
// All addresses of 127.0.0.0/8 can be endpoints of their own; only one is served by default.
server.listen(0, process.argv[2] ?? '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

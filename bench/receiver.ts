import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The endpoint of a benchmark, in a process of its own so that its CPU is nobody else's. It answers 204 at once and keeps
 * the end-to-end time of each first receipt, from the `sent_at` that the load generator wrote into the data.
 */
let latencies: number[] = [];
let seen = new Set<string>();
let repeats = 0;
let lastAtMs = 0;
const sentAt = /"sent_at":([0-9.]+)/;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const nowMs = performance.timeOrigin + performance.now();
    const id = String(request.headers['webhook-id']);
    if (seen.has(id)) repeats += 1;
    else {
      seen.add(id);
      const sent = sentAt.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
      if (sent !== undefined) latencies.push(nowMs - Number(sent));
      lastAtMs = nowMs;
    }
    response.writeHead(204).end();
  });
});

process.on('message', (message: 'count' | 'take') => {
  if (message === 'count') {
    process.send?.({ received: seen.size });
    return;
  }
  process.send?.({ received: seen.size, repeats, lastAtMs, latencies });
  latencies = [];
  seen = new Set();
  repeats = 0;
});
process.on('disconnect', () => process.exit(0));

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

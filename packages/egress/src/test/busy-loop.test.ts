import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aRequest, briefly, openEgress } from './egress-under-test.ts';

// In its own thread, so that it responds while the event loop of this one is busy.
const endpoint = `
const { createServer } = require('node:http');
const { parentPort } = require('node:worker_threads');
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    if (request.url !== '/hang') response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const startEndpoint = async (): Promise<string> => {
  const worker = new Worker(endpoint, { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  return `http://127.0.0.1:${port}`;
};

const keepBusyFor = (ms: number): void => {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
};

describe('a deadline that passes while the event loop is busy', () => {
  test('does not discard a response that arrived before it', async () => {
    const url = await startEndpoint();
    const egress = openEgress();
    expect(briefly(await egress.send(aRequest(`${url}/`)))).toBe('response 204');
    const sent = egress.send(aRequest(`${url}/`, { timeoutMs: 200 }));
    // One loop iteration writes the request; the next one blocks until long after the deadline.
    await new Promise((resolve) => setImmediate(resolve));
    keepBusyFor(600);
    expect(briefly(await sent)).toBe('response 204');
  });

  test('ends the request as a timeout without a response', async () => {
    const url = await startEndpoint();
    const egress = openEgress();
    const sent = egress.send(aRequest(`${url}/hang`, { timeoutMs: 50 }));
    await new Promise((resolve) => setImmediate(resolve));
    keepBusyFor(200);
    expect(briefly(await sent)).toBe('timeout');
  });
});

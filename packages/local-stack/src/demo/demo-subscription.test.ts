import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ensureDemoSubscription } from './demo-subscription.ts';

const endpointUrl = 'http://127.0.0.1:8706/webhooks';
const brokenUrl = 'http://127.0.0.1:8706/webhooks/broken';
const remembered = { subscriptionId: 'sub_1', secret: 'whsec_1', endpointUrl };

/** Starts an API that has the demo subscription with this URL, and gathers the changes that it receives. */
async function startApi(endpoint_url: string): Promise<Readonly<{ apiUrl: string; changes: string[] }>> {
  const changes: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (request.method !== 'GET') changes.push(`${request.method} ${request.url} ${body}`);
      response.end(JSON.stringify({ id: 'sub_1', endpoint_url }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => new Promise<void>((resolve) => void server.close(() => resolve())));
  return { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, changes };
}

test('a subscription that was left at the address that fails works again after the next start', async () => {
  const { apiUrl, changes } = await startApi(brokenUrl);
  const outcome = await ensureDemoSubscription({
    ...{ apiUrl, adminKey: 'key', endpointUrl, brokenUrl, remembered },
  });
  expect(outcome).toMatchObject({ kind: 'ready', isNew: false });
  expect(changes).toEqual([
    `PATCH /v1/webhooks/subscriptions/sub_1 ${JSON.stringify({ endpoint_url: endpointUrl })}`,
  ]);
});

test('one that somebody has pointed elsewhere stays there', async () => {
  const { apiUrl, changes } = await startApi('http://127.0.0.1:9000/mine');
  await ensureDemoSubscription({ ...{ apiUrl, adminKey: 'key', endpointUrl, brokenUrl, remembered } });
  expect(changes).toEqual([]);
});

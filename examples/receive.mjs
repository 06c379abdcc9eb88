import { createServer } from 'node:http';
import { verifyWebhook } from '../packages/sdk/dist/index.js';
import { localStack } from './local-stack.mjs';

const { url, admin_key: apiKey } = await localStack();
const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
let secret = '';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    // The signature covers the received bytes: verify it before parsing them.
    const result = verifyWebhook({
      headers: request.headers,
      body: Buffer.concat(chunks),
      secrets: [secret],
    });
    if (!result.ok) {
      console.log(`refused: ${result.reason}`);
      response.writeHead(401).end();
      return;
    }
    console.log(`${result.id} ${result.event.type}`, result.event.data);
    response.writeHead(204).end();
  });
});

server.listen(0, '127.0.0.1', async () => {
  const endpoint_url = `http://127.0.0.1:${server.address().port}/`;
  // Without send_test: false, Tidings sends a webhook.test at once, before this program has the secret from the
  // response.
  const subscription = { endpoint_url, events: ['example.*'], send_test: false };
  const body = JSON.stringify(subscription);
  const response = await fetch(`${url}/v1/webhooks/subscriptions`, { method: 'POST', headers, body });
  const created = await response.json();
  if (response.status !== 201) throw new Error(`the subscription was refused: ${JSON.stringify(created)}`);
  secret = created.secret;
  console.log(`${created.id} listens for example.*; now run node examples/publish.mjs`);
  process.once('SIGINT', async () => {
    await fetch(`${url}/v1/webhooks/subscriptions/${created.id}`, { method: 'DELETE', headers });
    server.close();
    server.closeAllConnections();
  });
});

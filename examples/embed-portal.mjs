import express from 'express';
import { localStack } from './local-stack.mjs';

const { url, admin_key: apiKey } = await localStack();
const app = express();

/** Returns the consumer of whoever is signed in to your application. Here everybody is acme: ask your own session. */
const consumerOf = (_request) => 'acme';

/** Asks Tidings for a link to the portal. The key stays on this server. */
async function portalLink(request, path) {
  const response = await fetch(`${url}/v1/webhooks/portal-links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ consumer_id: consumerOf(request), path }),
  });
  const link = await response.json();
  if (!response.ok) throw new Error(link.detail);
  return link;
}

// Opens the portal as a page of its own. `refresh_url` of the workspace is this address: the portal leads here when a
// session has ended, with the page to return to in `path`.
app.get('/webhooks', async (request, response) => {
  const { path = '/' } = request.query;
  const link = await portalLink(request, String(path));
  response.set({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(link.url);
});

// Hands a token to the page below. Another site cannot read the answer; this refuses it the request as well.
app.post('/portal-token', async (request, response) => {
  if (request.get('sec-fetch-site') !== 'same-origin') return void response.sendStatus(403);
  const { token } = await portalLink(request);
  response.set('cache-control', 'no-store').json({ token });
});

// The listener is there before the frame is.
app.get('/', (_request, response) => {
  response.type('html').send(`<!doctype html>
<html lang="en">
<title>Shop</title>
<h1>Shop</h1>
<script src="/embed.js"></script>
<iframe id="portal" src="${url}/portal" title="Webhooks" style="width: 100%; height: 80vh; border: 0"></iframe>
</html>`);
});

const wanted = ['ready', 'token-expiring', 'token-expired'].map((message) => `tidings-portal:${message}`);

app.get('/embed.js', (_request, response) => {
  response.type('js').send(`
const portal = ${JSON.stringify(new URL(url).origin)};
addEventListener('message', async ({ origin, source, data }) => {
  const frame = document.getElementById('portal');
  if (origin !== portal || source !== frame?.contentWindow) return;
  if (!${JSON.stringify(wanted)}.includes(data?.type)) return;
  const response = await fetch('/portal-token', { method: 'POST' });
  if (!response.ok) return;
  const { token } = await response.json();
  source.postMessage({ type: 'tidings-portal:token', token }, portal);
});`);
});

const server = app.listen(Number(process.env.PORT ?? 3000), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}/`);
});

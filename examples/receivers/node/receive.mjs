import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { openInbox } from './inbox.mjs';

// The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',').filter(Boolean);
if (secrets.length === 0) throw new Error('Set WEBHOOK_SECRET to the secret of the endpoint, whsec_…');

const maxBytes = 1024 * 1024;

/** Returns true if the request was signed with the secret, and is at most five minutes old. */
function isGenuine(headers, body) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    const expected = Buffer.from(`v1,${hmac.digest('base64')}`);
    return (headers['webhook-signature'] ?? '').split(' ').some((one) => {
      const given = Buffer.from(one);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  });
}

/** Returns the bytes as they came, before any parsing; null if there are too many. */
async function rawBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// The work of your application. It runs after the response, once for each webhook-id; again only if it was killed.
const inbox = await openInbox(process.env.INBOX ?? 'inbox', async (id, event) => {
  console.log(`processed ${id} ${event.type}`);
});

async function receive(request) {
  const body = await rawBody(request);
  if (body === null) return 413;
  if (!isGenuine(request.headers, body)) return 401;
  const id = request.headers['webhook-id'];
  if (!/^[\w-]{1,128}$/.test(id)) return 400; // it becomes the name of a file
  await inbox.store(id, body);
  return 204;
}

const server = createServer(async (request, response) => {
  const status = await receive(request).catch((error) => {
    console.error(error);
    return 500; // not stored: the sender sends it again
  });
  response.writeHead(status, status === 413 ? { connection: 'close' } : {}).end();
});
server.listen(Number(process.env.PORT ?? 3000));

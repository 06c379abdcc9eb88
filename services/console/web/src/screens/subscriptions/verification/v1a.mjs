import { createPublicKey, verify } from 'node:crypto';
import { createServer } from 'node:http';

// The public key of the endpoint, whpk_…; while it is being rotated both, separated by a comma.
const spki = Buffer.from('302a300506032b6570032100', 'hex'); // an Ed25519 key in DER begins so
const keys = process.env.WEBHOOK_PUBLIC_KEY.split(',').map((key) =>
  createPublicKey({
    key: Buffer.concat([spki, Buffer.from(key.replace(/^whpk_/, ''), 'base64')]),
    format: 'der',
    type: 'spki',
  }),
);

/** Returns true if the request was signed with the key pair, and is at most five minutes old. */
function isGenuine(headers, body) {
  const id = headers['webhook-id'] ?? '';
  const timestamp = headers['webhook-timestamp'] ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return (headers['webhook-signature'] ?? '').split(' ').some((one) => {
    if (!one.startsWith('v1a,')) return false;
    const signature = Buffer.from(one.slice('v1a,'.length), 'base64');
    return keys.some((key) => verify(null, content, key, signature));
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // the bytes as they came, before any parsing
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  // Store webhook-id, and skip ids that you know: a webhook can arrive more than once.
  console.log(request.headers['webhook-id'], JSON.parse(body));
  response.writeHead(204).end();
});
server.listen(Number(process.env.PORT ?? 3000));

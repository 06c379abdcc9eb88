import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

// The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
const secrets = process.env.WEBHOOK_SECRET.split(',').filter(Boolean);

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

import { createEgress, operatorPolicy } from '@tidings/egress';
import { startHostileServer, startReceiver } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { aBody } from '../../../test/registry-api.ts';
import { httpSender } from './http-sender.ts';

/** Serves the API with the real HTTP client for tests of subscriptions. */
async function serve() {
  const settings = {
    dangerouslyAllowedNetworks: ['127.0.0.0/8'],
    allowHttpEndpoints: true,
    ownListeners: [],
  };
  const egress = createEgress({ policy: operatorPolicy(settings) });
  onTestFinished(async () => egress.close());
  return serveInMemory({ send: httpSender(egress) });
}

const secret_headers = { Authorization: 'Bearer hush/1', 'X-Api-Key': 'hush-2' };

it('a test of an endpoint that echoes the request shows no secret', async () => {
  const receiver = await startReceiver({
    answer: ({ headers }) => ({ status: 200, body: JSON.stringify({ headers, configured }) }),
    cleanUp: onTestFinished,
  });
  const { call } = await serve();
  const created = await call('POST', '', { body: aBody({ endpoint_url: receiver.url, secret_headers }) });
  const configured = created.body.secret;
  const { body } = await call('POST', `/${created.body.id}/test`);
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: 'Bearer hush/1' });
  expect(body).toMatchObject({ success: true, response_body: expect.stringContaining('"***"') as string });
  expect(JSON.stringify(body)).not.toMatch(/hush/);
  expect(JSON.stringify(body)).not.toContain(configured);
});

it('a test with a truncated response shows the status that was read', async () => {
  const server = await startHostileServer({ behave: 'close-mid-body', cleanUp: onTestFinished });
  const { call } = await serve();
  const created = await call('POST', '', { body: aBody({ endpoint_url: server.url }) });
  const { body } = await call('POST', `/${created.body.id}/test`);
  expect(body).toMatchObject({ success: false, status_code: 200, error: 'reset', response_body: 'half' });
});

it('a test with a truncated 410 response has the reason gone', async () => {
  const server = await startHostileServer({
    behave: (socket) => socket.end('HTTP/1.1 410 Gone\r\nContent-Length: 40\r\n\r\nhalf'),
    cleanUp: onTestFinished,
  });
  const { call } = await serve();
  const created = await call('POST', '', { body: aBody({ endpoint_url: server.url }) });
  const { body } = await call('POST', `/${created.body.id}/test`);
  expect(body).toMatchObject({ success: false, status_code: 410, error: 'gone', response_body: 'half' });
});

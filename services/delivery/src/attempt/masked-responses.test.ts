import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SubscriptionRecord } from '@tidings/contracts';
import { createEgress, operatorPolicy } from '@tidings/egress';
import { silentLogger } from '@tidings/observability';
import { keyRing, seal } from '@tidings/runtime';
import { makeAuthority, type ReceivedRequest, startHostileServer, startReceiver } from '@tidings/testing';
import { type BodyRule, exchangeView, recordExchange } from '@tidings/webhook-request';
import { expect, it, onTestFinished } from 'vitest';
import { aCommand, aSealedHeader, aSubscription, sealingKeys, secretText } from '../../test/builders.ts';
import { SigningKeyCache } from '../adapters/signing-key-cache.ts';
import { buildRequest } from './attempt-delivery.ts';

const token = 'Bearer hush/"1"';
const secretHeaders = [aSealedHeader('Authorization', token), aSealedHeader('X-Api-Key', 'hush-2')];

type Options = Readonly<{ over?: Partial<SubscriptionRecord>; rule?: BodyRule }>;

/** Sends one delivery over a real connection and returns what its attempt would record, and what was sent. */
async function recordedFrom(endpointUrl: string, { over = {}, rule = 'bodies-of-failures' }: Options = {}) {
  const settings = {
    dangerouslyAllowedNetworks: ['127.0.0.0/8'],
    allowHttpEndpoints: true,
    ownListeners: [],
  };
  const egress = createEgress({ policy: operatorPolicy(settings) });
  onTestFinished(async () => egress.close());
  const subscription = aSubscription({ endpointUrl, secretHeaders, headers: { 'X-Plan': 'gold' }, ...over });
  const { deliveryId, eventType } = aCommand(1).state;
  const atMs = Date.now();
  const keys = new SigningKeyCache({ ring: keyRing(sealingKeys), logger: silentLogger }).find(
    subscription,
    atMs,
  );
  if (keys === null) throw new Error('what is sealed does not open');
  const request = buildRequest({ command: aCommand(1), subscription, keys, nowMs: atMs });
  const sent = await egress.send(request);
  if (sent.kind === 'aborted') throw new Error(sent.detail);
  const { headers } = request;
  const recorded = recordExchange({ deliveryId, eventType, atMs, headers }, sent, {
    redaction: keys.redaction,
    rule,
  });
  const responseExcerpt = recorded.outcome.responseExcerpt;
  const view = exchangeView({ deliveryId, eventType, atMs, responseExcerpt, exchange: recorded.exchange });
  return { ...recorded, headers, view };
}

const echo = ({ headers, body }: ReceivedRequest): string =>
  JSON.stringify({ headers, body: body.toString(), configured: secretText });

it.each([200, 500])('masks the secrets of a request that is echoed with status %i', async (status) => {
  const receiver = await startReceiver({
    answer: (request) => ({ status, body: echo(request) }),
    cleanUp: onTestFinished,
  });
  const { outcome } = await recordedFrom(receiver.url);
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: token, 'x-api-key': 'hush-2' });
  expect(outcome).toMatchObject({ statusCode: status });
  expect(outcome.responseExcerpt).toContain('"x-api-key":"***"');
  expect(outcome.responseExcerpt).toContain('"x-plan":"gold"');
  expect(outcome.responseExcerpt).not.toMatch(/hush|whsec_/);
});

it('masks a secret at the end of the excerpt before cutting it', async () => {
  const body = `${'x'.repeat(1_020)}hush-2 and more`;
  const receiver = await startReceiver({ answer: { status: 200, body }, cleanUp: onTestFinished });
  expect((await recordedFrom(receiver.url)).outcome.responseExcerpt).toBe(`${'x'.repeat(1_020)}*** `);
});

it('records the status of a response whose body is truncated as a failure', async () => {
  const server = await startHostileServer({ behave: 'close-mid-body', cleanUp: onTestFinished });
  const { outcome, view } = await recordedFrom(server.url);
  expect(outcome).toEqual({ kind: 'failed', reason: 'reset', statusCode: 200, responseExcerpt: null });
  expect(view).toMatchObject({
    response_body_truncated: true,
    response_headers: expect.anything() as object,
  });
  expect(view['response_body']).not.toBeNull();
});

/** Answers with all that a request contained, in headers and in small chunks of a body. */
async function startEchoServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const authority = makeAuthority();
  const server = createServer(authority.issue({ hosts: ['127.0.0.1'] }), answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  const tls = seal(keyRing(sealingKeys), JSON.stringify({ ca: authority.cert }), ['acme', 'sub_a', 'tls']);
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { url, over: { signatureStyle: 'plain', tls: { sealed: tls } } as const };
}

it.each([200, 500])('masks an echo over TLS in headers and across chunks, with status %i', async (status) => {
  const bare = secretText.slice('whsec_'.length);
  const { url, over } = await startEchoServer(({ headers }, response) => {
    response.setHeader('x-signing-secret', secretText);
    response.setHeader('set-cookie', ['a=1', `key=${bare}`]);
    response.setHeader('x-echo', [headers.authorization ?? '', headers['webhook-signature'] as string]);
    response.writeHead(status, { 'content-type': 'application/json' });
    const text = Buffer.from(JSON.stringify({ configured: secretText, bare, headers }));
    const write = (at: number): void => {
      if (at >= text.length) response.end();
      else response.write(text.subarray(at, at + 7), () => setImmediate(write, at + 7));
    };
    write(0);
  });
  const { headers, view, exchange, outcome } = await recordedFrom(url, { over, rule: 'every-body' });
  const signature = headers['webhook-signature']?.slice('v1,'.length) ?? '';
  const plain = headers['x-webhook-signature']?.slice('sha256='.length) ?? '';
  expect([signature.length, plain.length]).toEqual([44, 64]);
  expect(outcome.statusCode).toBe(status);
  expect(view['response_headers']).toMatchObject({
    'x-signing-secret': '***',
    'set-cookie': ['a=1', 'key=***'],
    'x-echo': ['***', 'v1,***'],
  });
  expect(JSON.parse(String(view['response_body']))).toMatchObject({
    configured: '***',
    bare: '***',
    headers: {
      authorization: '***',
      'x-api-key': '***',
      'webhook-signature': 'v1,***',
      'x-webhook-signature': 'sha256=***',
      'x-plan': 'gold',
    },
  });
  for (const secret of [bare, signature, plain, 'hush']) expect(exchange).not.toContain(secret.slice(0, 30));
  const phases = view['phases'] as Record<string, number | null>;
  for (const phase of ['connect_ms', 'tls_ms', 'first_byte_ms', 'body_ms', 'total_ms']) {
    expect(phases[phase]).toBeGreaterThanOrEqual(0);
  }
  expect(view['request_headers']).toEqual({
    ...headers,
    authorization: '***',
    'x-api-key': '***',
    'webhook-signature': 'v1,***',
    'x-webhook-signature': 'sha256=***',
  });
});

it('records an image as base64, and 16 KiB of a longer body', async () => {
  const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]);
  const receiver = await startReceiver({ answer: { status: 500, body: image }, cleanUp: onTestFinished });
  expect((await recordedFrom(receiver.url)).view).toMatchObject({
    response_body: image.toString('base64'),
    response_body_encoding: 'base64',
    response_body_truncated: false,
  });
  receiver.answer({ status: 500, body: 'é'.repeat(20_000) });
  expect((await recordedFrom(receiver.url)).view).toMatchObject({
    response_body: 'é'.repeat(8_192),
    response_body_encoding: 'utf8',
    response_body_truncated: true,
  });
});

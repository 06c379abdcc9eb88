import { request } from 'node:http';
import { generateSecret, signHeaders } from '@tidings/signing';
import { expect, onTestFinished, test } from 'vitest';
import { startReceiver } from './receiver.ts';

type Sent = Readonly<{ headers?: Record<string, string>; body?: string }>;

function post(url: string, { headers = {}, body = '' }: Sent = {}) {
  return new Promise<{ status: number; retryAfter: string | undefined }>((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

test('records the raw body, the headers and the path, and answers 204', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  expect(await post(`${receiver.url}/hook?a=1`, { headers: { 'x-a': 'b' }, body: '{"a": 1}' })).toMatchObject(
    {
      status: 204,
    },
  );
  expect(receiver.requests).toMatchObject([
    { index: 0, method: 'POST', path: '/hook?a=1', verification: null },
  ]);
  expect(receiver.requests[0]?.body.toString()).toBe('{"a": 1}');
  expect(receiver.requests[0]?.headers['x-a']).toBe('b');
});

test('verifies signatures with any of its secrets', async () => {
  const secret = generateSecret();
  const receiver = await startReceiver({ secrets: [generateSecret(), secret], cleanUp: onTestFinished });
  const body = '{"test": 1}';
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  const signed = signHeaders({ id: 'dlv_1', timestampSeconds, body: Buffer.from(body), secrets: [secret] });
  await post(receiver.url, { headers: { ...signed }, body });
  await post(receiver.url, { headers: { ...signed }, body: '{"test": 2}' });
  expect(receiver.requests.map(({ verification }) => verification)).toEqual([
    { ok: true, id: 'dlv_1', timestampSeconds },
    { ok: false, reason: 'no-matching-signature' },
  ]);
});

test('answers as configured: a status, headers, n failures first, by request', async () => {
  const receiver = await startReceiver({ answer: { status: 200, body: 'ok' }, cleanUp: onTestFinished });
  receiver.failNext(2, { status: 503, headers: { 'retry-after': '7' } });
  expect(await post(receiver.url)).toEqual({ status: 503, retryAfter: '7' });
  expect((await post(receiver.url)).status).toBe(503);
  expect((await post(receiver.url)).status).toBe(200);
  receiver.answer(({ path }) => ({ status: path === '/gone' ? 410 : 202 }));
  expect((await post(`${receiver.url}/gone`)).status).toBe(410);
  expect((await post(`${receiver.url}/x`)).status).toBe(202);
  expect(await receiver.waitFor(5)).toHaveLength(5);
});

test('a reset ends the connection without an answer; a hang keeps it open until the receiver is closed', async () => {
  const receiver = await startReceiver({ answer: 'reset' });
  await expect(post(receiver.url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  receiver.answer('hang');
  const hanging = expect(post(receiver.url)).rejects.toThrow();
  await receiver.waitFor(2);
  expect(receiver.connections()).toBe(1);
  await receiver.close();
  await hanging;
  expect(receiver.connections()).toBe(0);
});

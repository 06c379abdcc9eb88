import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, createClient, TidingsError } from '../index.ts';

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

type Seen = Readonly<{
  path: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
  port: number | undefined;
}>;
type Reply =
  | Readonly<{ status: number; body?: unknown; headers?: Record<string, string> }>
  | 'hang up'
  | 'silence';

const accepted = { status: 202, body: { id: 'evt_1', type: 'a.b', accepted_at: '2026-01-01T00:00:00.000Z' } };
const problem = (status: number, code: string) => ({
  status,
  body: { type: `/problems/${code}`, title: 't', status, detail: `${code} it is`, code },
});

// Starts an API that sends the replies in order and repeats the last one.
async function anApi(replies: readonly Reply[], options: Partial<ClientOptions> = {}) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const reply = replies[Math.min(seen.length, replies.length - 1)];
      const { url: path, headers, socket } = request;
      seen.push({ path, headers, body: Buffer.concat(chunks).toString(), port: socket.remotePort });
      if (reply === 'hang up') request.socket.destroy();
      else if (reply !== 'silence' && reply !== undefined) {
        response.writeHead(reply.status, reply.headers ?? {});
        response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { seen, client: createClient({ url, apiKey: 'key_x', random: () => 0, ...options }) };
}

async function errorOf(promise: Promise<unknown>): Promise<TidingsError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TidingsError) return error;
  throw error;
}

describe('publish', () => {
  it('sends the event with its key and returns the accepted event', async () => {
    const { client, seen } = await anApi([accepted]);
    const event = {
      type: 'a.b',
      data: { n: 1 },
      id: 'mine',
      source: 'shop',
      time: new Date(0),
      consumerId: 'c',
      orderingKey: 'k',
    };
    expect(await client.publish(event)).toEqual({
      id: 'evt_1',
      type: 'a.b',
      acceptedAt: new Date('2026-01-01'),
    });
    expect(seen[0]?.path).toBe('/v1/events');
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer key_x',
      'content-type': 'application/json',
    });
    expect(seen[0]?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      type: 'a.b',
      data: { n: 1 },
      id: 'mine',
      source: 'shop',
      time: '1970-01-01T00:00:00.000Z',
      consumer_id: 'c',
      ordering_key: 'k',
    });
  });

  it('sends dataJson unchanged', async () => {
    const { client, seen } = await anApi([accepted]);
    await client.publish({ type: 'a.b', dataJson: '{"n": 12345678901234567890}' });
    expect(seen[0]?.body).toBe('{"type":"a.b","data":{"n": 12345678901234567890}}');
  });

  it.each<Anything>([
    { type: 'a.b' },
    { type: 'a.b', data: 1, dataJson: '1' },
    { type: 'a.b', data: () => {} },
  ] as Anything)('refuses an event without exactly one JSON value as data', async (event) => {
    const { client, seen } = await anApi([accepted]);
    await expect(client.publish(event)).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  it.each<[string, Reply]>([
    ['503', problem(503, 'unavailable')],
    ['429', problem(429, 'rate-limited')],
    ['a gateway', { status: 502, body: '<html>Bad gateway</html>' }],
    ['a lost connection', 'hang up'],
    ['an answer that is no JSON', { status: 202, body: 'thanks' }],
  ])('repeats after %s: same bytes, same key', async (_name, reply) => {
    const { client, seen } = await anApi([reply, reply, accepted]);
    expect((await client.publish({ type: 'a.b', data: 1 })).id).toBe('evt_1');
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  it('repeats an attempt without a response before the timeout', async () => {
    const { client, seen } = await anApi(['silence', accepted], { timeoutMs: 100 });
    expect((await client.publish({ type: 'a.b', data: 1 })).id).toBe('evt_1');
    expect(seen).toHaveLength(2);
  });

  it.each([400, 401, 403, 413, 415, 422, 500])('does not repeat a %d', async (status) => {
    const { client, seen } = await anApi([problem(status, 'nope')]);
    const error = await errorOf(client.publish({ type: 'a.b', data: 1 }));
    expect(error).toMatchObject({ status, attempts: 1, outcomeUnknown: false, problem: { code: 'nope' } });
    expect(error.message).toBe(`POST /v1/events failed after 1 attempt: ${status}: nope it is`);
    expect(seen).toHaveLength(1);
  });

  it('throws after its last attempt with an unknown outcome and the key for a repeat', async () => {
    const { client, seen } = await anApi(['hang up'], { maxAttempts: 2 });
    const error = await errorOf(client.publish({ type: 'a.b', data: 1 }, { idempotencyKey: 'order-7' }));
    expect(error).toMatchObject({
      status: undefined,
      attempts: 2,
      outcomeUnknown: true,
      idempotencyKey: 'order-7',
    });
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['order-7', 'order-7']);
  });

  it('does not wait longer than maxWaitMs', async () => {
    const busy = { ...problem(429, 'rate-limited'), headers: { 'retry-after': '3600' } };
    const { client, seen } = await anApi([busy]);
    const error = await errorOf(client.publish({ type: 'a.b', data: 1 }));
    expect(error).toMatchObject({ status: 429, attempts: 1, outcomeUnknown: false });
    expect(seen).toHaveLength(1);
  });

  it.each(['3600', new Date(Date.now() + 3_600_000).toUTCString()])(
    'reads Retry-After %s',
    async (header) => {
      const { client, seen } = await anApi([{ ...problem(503, 'x'), headers: { 'retry-after': header } }]);
      await errorOf(client.publish({ type: 'a.b', data: 1 }));
      expect(seen).toHaveLength(1);
    },
  );

  it.each(['-1', 'soon', new Date(0).toUTCString()])('ignores Retry-After %s', async (header) => {
    const { client } = await anApi([{ ...problem(503, 'x'), headers: { 'retry-after': header } }, accepted]);
    expect((await client.publish({ type: 'a.b', data: 1 })).id).toBe('evt_1');
  });

  it('ends when its signal is aborted, during or between attempts', async () => {
    const waiting = await anApi([{ ...problem(503, 'x'), headers: { 'retry-after': '20' } }]);
    const between = new AbortController();
    const first = waiting.client.publish({ type: 'a.b', data: 1 }, { signal: between.signal });
    setImmediate(() => between.abort());
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    const silent = await anApi(['silence']);
    const signal = AbortSignal.abort();
    await expect(silent.client.publish({ type: 'a.b', data: 1 }, { signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(silent.seen).toEqual([]);
  });

  it('does not send its key to the target of a redirect', async () => {
    const { client, seen } = await anApi([{ status: 307, headers: { location: '/elsewhere' }, body: '' }], {
      maxAttempts: 1,
    });
    await errorOf(client.publish({ type: 'a.b', data: 1 }));
    expect(seen.map(({ path }) => path)).toEqual(['/v1/events']);
  });
});

describe('connections', () => {
  // fetch may open a second one when a call follows the end of another at once.
  it('are kept open for later calls', async () => {
    const { client, seen } = await anApi([problem(503, 'x'), accepted]);
    for (let call = 0; call < 9; call += 1) await client.publish({ type: 'a.b', data: call });
    expect(seen).toHaveLength(10);
    expect(new Set(seen.map(({ port }) => port)).size).toBeLessThan(5);
  });
});

describe('access of a consumer', () => {
  const expires_at = '2030-01-01T00:00:00.000Z';
  const expiresAt = new Date(expires_at);

  it('is a token, or a link to the portal', async () => {
    const link = { url: 'https://x/portal#token=t', token: 't', expires_at, origins: [], refresh_url: null };
    const { client, seen } = await anApi([
      { status: 201, body: { token: 't', expires_at } },
      { status: 201, body: link },
    ]);
    expect(await client.createConsumerToken({ consumerId: 'acme' })).toEqual({ token: 't', expiresAt });
    const access = { consumerId: 'acme', scopes: ['deliveries:read'], expiresInSeconds: 60 } as const;
    expect(
      await client.createPortalLink({ ...access, path: '/deliveries' }, { idempotencyKey: 'k' }),
    ).toEqual({
      token: 't',
      expiresAt,
      url: link.url,
    });
    expect(seen.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/v1/webhooks/consumer-tokens', { consumer_id: 'acme' }],
      [
        '/v1/webhooks/portal-links',
        { consumer_id: 'acme', scopes: ['deliveries:read'], expires_in_seconds: 60, path: '/deliveries' },
      ],
    ]);
    expect(seen[1]?.headers['idempotency-key']).toBe('k');
  });

  it.each<[string, unknown]>([
    ['consumerId must be text, got undefined', {}],
    [
      "the argument of createConsumerToken has no 'consumer': did you mean 'consumerId'?",
      { consumer: 'acme' },
    ],
    [
      "the argument of createConsumerToken has no 'path': the known names are",
      { consumerId: 'acme', path: '/' },
    ],
    ['scopes must be an array', { consumerId: 'acme', scopes: 'deliveries:read' }],
    [
      'expiresInSeconds must be a whole number from 1 to 3600',
      { consumerId: 'acme', expiresInSeconds: 3601 },
    ],
  ])('is refused at once: %s', async (message, access) => {
    const { client, seen } = await anApi([accepted]);
    await expect(client.createConsumerToken(access as Anything)).rejects.toThrow(message);
    expect(seen).toEqual([]);
  });
});

describe('publishBatch', () => {
  const event = { type: 'a.b', data: 1 };
  const taken = { status: 202, ...accepted.body };
  const refused = { status: 422, problem: problem(422, 'unprocessable').body };
  const away = { status: 503, problem: problem(503, 'unavailable').body };

  it('returns a result for each event, in order', async () => {
    const { client, seen } = await anApi([{ status: 207, body: { results: [taken, refused] } }]);
    const results = await client.publishBatch([event, { type: 'A', data: null }]);
    expect(results).toEqual([
      { ok: true, id: 'evt_1', type: 'a.b', acceptedAt: new Date('2026-01-01') },
      { ok: false, status: 422, problem: refused.problem },
    ]);
    expect(seen[0]?.path).toBe('/v1/events/batch');
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ events: [event, { type: 'A', data: null }] });
  });

  it('sends the whole batch again with its key while part of it is unavailable', async () => {
    const partly = { status: 207, body: { results: [taken, away] } };
    const { client, seen } = await anApi([partly, { status: 202, body: { results: [taken, taken] } }]);
    const results = await client.publishBatch([event, event], { idempotencyKey: 'b1' });
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(seen).toHaveLength(2);
    expect(seen[1]?.body).toBe(seen[0]?.body);
    expect(seen.map(({ headers }) => headers['idempotency-key'])).toEqual(['b1', 'b1']);
  });

  it('returns its partial results when its attempts are used up', async () => {
    const partly = { status: 207, body: { results: [taken, away] } };
    const { client, seen } = await anApi([partly], { maxAttempts: 2 });
    expect((await client.publishBatch([event, event])).map(({ ok }) => ok)).toEqual([true, false]);
    expect(seen).toHaveLength(2);
  });

  it('throws if no event was accepted, and sends no request for an empty batch', async () => {
    const { client, seen } = await anApi([problem(503, 'unavailable')], { maxAttempts: 1 });
    expect(await client.publishBatch([])).toEqual([]);
    expect(seen).toEqual([]);
    expect(await errorOf(client.publishBatch([event]))).toMatchObject({ status: 503, outcomeUnknown: true });
  });
});

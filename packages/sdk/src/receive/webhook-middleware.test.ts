import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  aSignedDelivery,
  type MiddlewareOptions,
  memoryDedupe,
  webhookMiddleware,
  webhookOf,
} from '../index.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Handler = (_request, response) => void response.end('handled');

// Does the minimum that express does: runs the middleware, then the handler, and reports errors.
async function aReceiver(
  options: MiddlewareOptions,
  handler: Handler = ok,
  before: (request: IncomingMessage) => Promise<void> = async () => {},
) {
  const middleware = webhookMiddleware(options);
  const server = createServer((request, response) => {
    const next = (error?: unknown) => {
      if (error === undefined) return handler(request, response);
      response.statusCode = 500;
      return void response.end(error instanceof Error ? error.message : 'unknown');
    };
    before(request).then(() => middleware(request, response, next), next);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return async ({ headers, body }: { headers: Record<string, string>; body: Buffer }, signal?: AbortSignal) =>
    fetch(url, { method: 'POST', headers, body, ...(signal === undefined ? {} : { signal }) });
}

describe('webhookMiddleware', () => {
  it('passes a valid delivery on with its event', async () => {
    const delivery = aSignedDelivery({ id: 'dlv_1', event: { type: 'order.paid', data: { total: 5 } } });
    const send = await aReceiver({ secrets: [delivery.secret] }, (request, response) => {
      const { id, event, body } = webhookOf<{ 'order.paid': { total: number } }>(request);
      response.end(`${id} ${event.type} ${event.data.total} ${body.length === delivery.body.length}`);
    });
    const response = await send(delivery);
    expect(await response.text()).toBe('dlv_1 order.paid 5 true');
  });

  it.each([
    [
      'a changed body',
      (d: ReturnType<typeof aSignedDelivery>) => ({ ...d, body: Buffer.from(`${d.body} `) }),
      'no-matching-signature',
    ],
    ['an unsigned request', (d: ReturnType<typeof aSignedDelivery>) => ({ ...d, headers: {} }), 'missing-id'],
    [
      'an old one',
      (d: ReturnType<typeof aSignedDelivery>) => aSignedDelivery({ secret: d.secret, timestampSeconds: 1 }),
      'timestamp-too-old',
    ],
    [
      'a body that is not JSON',
      (d: ReturnType<typeof aSignedDelivery>) =>
        aSignedDelivery({ secret: d.secret, body: Buffer.from('hi') }),
      'not-json',
    ],
  ])('returns 401 for %s', async (_name, change, reason) => {
    const delivery = aSignedDelivery();
    const onRefused = vi.fn();
    const handler = vi.fn(ok);
    const send = await aReceiver({ secrets: [delivery.secret], onRefused }, handler);
    const response = await send(change(delivery));
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: reason });
    expect(onRefused).toHaveBeenCalledExactlyOnceWith(reason, expect.anything());
    expect(handler).not.toHaveBeenCalled();
  });

  it('returns 413 above its limit', async () => {
    const delivery = aSignedDelivery({ body: Buffer.from(`"${'x'.repeat(100)}"`) });
    const send = await aReceiver({ secrets: [delivery.secret], maxBytes: 101 });
    expect((await send(delivery)).status).toBe(413);
  });

  it('responds to a repeat without running the handler, once the handler has succeeded', async () => {
    const delivery = aSignedDelivery({ id: 'dlv_1' });
    const statuses = [500, 200, 200];
    const handler = vi.fn<Handler>((_request, response) => {
      response.statusCode = statuses.shift() ?? 200;
      response.end();
    });
    const send = await aReceiver({ secrets: [delivery.secret], dedupe: memoryDedupe() }, handler);
    expect((await send(delivery)).status).toBe(500);
    expect((await send(delivery)).status).toBe(200);
    const repeat = await send(aSignedDelivery({ secret: delivery.secret, id: 'dlv_1' }));
    expect(await repeat.json()).toEqual({ duplicate: true });
    expect(handler).toHaveBeenCalledTimes(2);
    await send(aSignedDelivery({ secret: delivery.secret, id: 'dlv_2' }));
    expect(handler).toHaveBeenCalledTimes(3);
  });

  it('responds 409 while the handler runs, also after its caller has gone', async () => {
    const delivery = aSignedDelivery();
    let finish = (): void => {};
    const handler = vi.fn<Handler>((_request, response) => {
      finish = () => void response.writeHead(204).end();
    });
    const send = await aReceiver({ secrets: [delivery.secret], dedupe: memoryDedupe() }, handler);
    const gone = new AbortController();
    const first = send(delivery, gone.signal);
    await vi.waitFor(() => expect(handler).toHaveBeenCalledTimes(1));
    expect(await (await send(delivery)).json()).toEqual({ error: 'in-progress' });
    gone.abort();
    await expect(first).rejects.toThrow('aborted');
    expect((await send(delivery)).status).toBe(409);
    finish();
    expect(await (await send(delivery)).json()).toEqual({ duplicate: true });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it('passes on an error of a claim, and reports one of its end', async () => {
    const delivery = aSignedDelivery();
    const rejected = async (): Promise<never> => Promise.reject(new Error('store down'));
    const down = { claim: rejected, complete: () => {}, release: () => {} };
    const failing = await aReceiver({ secrets: [delivery.secret], dedupe: down });
    expect(await (await failing(delivery)).text()).toBe('store down');
    const onError = vi.fn();
    const full = { claim: () => 'claimed' as const, complete: rejected, release: rejected };
    const forgetful = await aReceiver({ secrets: [delivery.secret], dedupe: full, onError });
    expect((await forgetful(delivery)).status).toBe(200);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledTimes(1));
  });

  it('reads the bytes that express.raw left, and throws if a parser has consumed them', async () => {
    const delivery = aSignedDelivery();
    const raw = await aReceiver({ secrets: [delivery.secret] }, ok, async (request) => {
      Reflect.set(request, 'body', delivery.body);
    });
    expect((await raw(delivery)).status).toBe(200);
    const parsed = await aReceiver({ secrets: [delivery.secret] }, ok, async (request) => {
      await request.toArray();
    });
    expect(await (await parsed(delivery)).text()).toMatch(/mount webhookMiddleware before express\.json/);
  });

  it('has no verified webhook for a handler that runs before it', () => {
    expect(() => webhookOf({} as IncomingMessage)).toThrow(
      /put the middleware of @tidings\/sdk before this handler/,
    );
  });
});

import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  aSignedDelivery,
  type DedupeStore,
  fastifyWebhooks,
  generateKeyPair,
  memoryDedupe,
  webhookMiddleware,
  webhookOf,
} from '../index.ts';
import * as web from '../web.ts';

type Events = { 'order.paid': { total: number }; 'order.failed': { total: number } };
type Options = Readonly<{
  secrets?: readonly string[];
  publicKeys?: readonly string[];
  maxBytes?: number;
  dedupe?: DedupeStore;
}>;
type Post = (delivery: Readonly<{ headers: Record<string, string>; body: Buffer }>) => Promise<Response>;

const textOf = (webhook: web.Webhook<Events>): string => {
  if (webhook.event.type === 'order.failed') throw new Error('the handler failed');
  return `${webhook.id} ${webhook.event.data.total} ${webhook.body.length}`;
};
const postTo = (url: string): Post => {
  return async ({ headers, body }) => fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
};

// Each application also has a route that takes parsed JSON, which must go on working.
const frameworks = {
  express: async (options: Options): Promise<Post> => {
    const app = express();
    app.post('/hooks', webhookMiddleware(options), (request, response) => {
      response.send(textOf(webhookOf<Events>(request)));
    });
    app.use(express.json());
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return postTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`);
  },
  fastify: async (options: Options): Promise<Post> => {
    const app = fastify();
    await app.register(async (scope) => {
      fastifyWebhooks(scope, options);
      scope.post('/hooks', async (request) => textOf(webhookOf<Events>(request)));
    });
    app.post('/parsed', async (request) => request.body);
    onTestFinished(async () => app.close());
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    const parsed = await fetch(`${origin}/parsed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"still":"parsed"}',
    });
    expect(await parsed.json()).toEqual({ still: 'parsed' });
    return postTo(`${origin}/hooks`);
  },
  hono: async (options: Options): Promise<Post> => {
    const app = new Hono();
    app.post('/hooks', web.honoWebhooks(options), (c) => c.text(textOf(web.webhookOf<Events>(c))));
    app.onError((_error, c) => c.text('failed', 500));
    return async ({ headers, body }) =>
      app.request('/hooks', { method: 'POST', headers, body: new Uint8Array(body) });
  },
  'a fetch handler': async (options: Options): Promise<Post> => {
    const handle = web.webhookHandler<Events>(options, (webhook) => new Response(textOf(webhook)));
    return async ({ headers, body }) => {
      const request = new Request('https://x.example/', {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
      });
      return handle(request).catch(() => new Response('failed', { status: 500 }));
    };
  },
};

describe.each(Object.entries(frameworks))('webhooks in %s', (_name, start) => {
  it('reach the handler with their event and raw body', async () => {
    const delivery = aSignedDelivery({ id: 'dlv_1', event: { type: 'order.paid', data: { total: 5 } } });
    const response = await (await start({ secrets: [delivery.secret] }))(delivery);
    expect([response.status, await response.text()]).toEqual([200, `dlv_1 5 ${delivery.body.length}`]);
  });

  it('are trusted by a public key', async () => {
    const { secret, publicKey } = generateKeyPair();
    const delivery = aSignedDelivery({ secret, event: { type: 'order.paid', data: { total: 5 } } });
    expect((await (await start({ publicKeys: [publicKey] }))(delivery)).status).toBe(200);
    const other = await start({ publicKeys: [generateKeyPair().publicKey] });
    expect((await other(delivery)).status).toBe(401);
  });

  it('are refused when their body has changed, is too large or is absent', async () => {
    const delivery = aSignedDelivery();
    const post = await start({ secrets: [delivery.secret], maxBytes: delivery.body.length });
    const changed = await post({
      ...delivery,
      body: Buffer.from(String(delivery.body).replace('world', 'World')),
    });
    expect([changed.status, await changed.json()]).toEqual([401, { error: 'no-matching-signature' }]);
    expect((await post({ ...delivery, body: Buffer.concat([delivery.body, Buffer.from(' ')]) })).status).toBe(
      413,
    );
    expect((await post({ headers: {}, body: Buffer.alloc(0) })).status).toBe(401);
  });

  it('are handled once, and again after a failure', async () => {
    const dedupe = memoryDedupe();
    const paid = aSignedDelivery({ event: { type: 'order.paid', data: { total: 5 } } });
    const post = await start({ secrets: [paid.secret], dedupe });
    expect((await post(paid)).status).toBe(200);
    const repeat = await post(paid);
    expect([repeat.status, await repeat.json()]).toEqual([200, { duplicate: true }]);
    const failed = aSignedDelivery({ secret: paid.secret, id: 'dlv_f', event: { type: 'order.failed' } });
    expect((await post(failed)).status).toBe(500);
    expect(await dedupe.claim('dlv_f', 'next')).toBe('claimed');
    expect((await post(failed)).status).toBe(409);
  });

  it('cannot be received without a key', async () => {
    const started = async () => {
      const response = await (await start({ secrets: [''] }))(aSignedDelivery());
      if (response.status === 500) throw new Error('secrets[0] must not be empty');
    };
    await expect(started()).rejects.toThrow('secrets[0] must not be empty');
  });
});

describe('a fetch handler', () => {
  it('acknowledges with 204 by default', async () => {
    const { secret, headers, body } = aSignedDelivery();
    const handle = web.webhookHandler({ secrets: [secret] }, () => {});
    const request = new Request('https://x.example/', {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    expect((await handle(request)).status).toBe(204);
  });

  it('rejects a request whose body was read before', async () => {
    const { secret, headers, body } = aSignedDelivery();
    const handle = web.webhookHandler({ secrets: [secret] }, () => {});
    const request = new Request('https://x.example/', {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    await request.json();
    await expect(handle(request)).rejects.toThrow('the raw body has been read already');
  });
});

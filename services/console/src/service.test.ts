import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { aConsole as aConsoleBefore, aService, serviceNames } from '../test/a-console.ts';

const named =
  (name: string): RequestListener =>
  (request, response) => {
    response.setHeader('x-request-id', 'theirs');
    if (request.url === '/ready') response.end(JSON.stringify({ service: name, ready: true, parts: [] }));
    else response.end(`${name} ${request.method} ${request.url}`);
  };

async function aConsole(
  listeners: Readonly<Record<string, RequestListener>> = {},
  extra: Readonly<Record<string, string>> = {},
) {
  const started = Object.entries(listeners).map(async ([name, listener]) => [name, await aService(listener)]);
  return aConsoleBefore(Object.fromEntries(await Promise.all(started)) as Record<string, string>, extra);
}

const all = Object.fromEntries(serviceNames.map((name) => [name, named(name)]));

describe('the proxy', () => {
  it.each([
    ['POST', '/v1/events?x=%20y', 'ingress'],
    ['PATCH', '/v1/webhooks/subscriptions/sub_1', 'subscription'],
    ['GET', '/v1/webhooks/deliveries?status=failed', 'history'],
    ['DELETE', '/v1/webhooks/subscriptions/sub_1', 'subscription'],
  ])('forwards %s %s unchanged', async (method, path, service) => {
    const { url } = await aConsole(all);
    const response = await fetch(url + path, { method });
    expect(await response.text()).toBe(`${service} ${method} ${path}`);
    expect(response.headers.get('x-request-id')).toBe('theirs');
  });

  it('responds with a problem to unknown /v1 paths, and does not expose internal paths', async () => {
    const { url } = await aConsole(all);
    for (const path of ['/v1/nothing', '/v1', '/v1/events/x', '/ingress/metrics']) {
      const response = await fetch(url + path);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('forwards status, headers and a body of several MB byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 3 * 1024 * 1024 }, (_, at) => (at * 31) % 256));
    const { url } = await aConsole({
      ingress: (request, response) => {
        response.writeHead(202, {
          link: '</x>; rel="next"',
          'content-type': request.headers['content-type'] ?? '',
        });
        request.pipe(response);
      },
    });
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': 'application/x-thing' },
    });
    expect(response.status).toBe(202);
    expect(response.headers.get('link')).toBe('</x>; rel="next"');
    expect(response.headers.get('content-type')).toBe('application/x-thing');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('streams in both directions without buffering', async () => {
    const { url } = await aConsole({
      history: (request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        request.on('data', (chunk: Buffer) => void response.write(`got ${chunk}`));
        request.on('end', () => response.end());
      },
    });
    const outgoing = httpRequest(`${url}/v1/webhooks/stream`, { method: 'POST' });
    outgoing.write('one');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks = incoming.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
    expect(await chunks.next()).toEqual({ done: false, value: 'got one' });
    outgoing.end('two');
    expect(await chunks.next()).toEqual({ done: false, value: 'got two' });
    expect((await chunks.next()).done).toBe(true);
  });

  it('sends the trace and the caller to the service, and keeps its connection open', async () => {
    const seen: IncomingMessage[] = [];
    const ports = new Set<number | undefined>();
    const { url } = await aConsole({
      ingress: (request, response) => {
        seen.push(request);
        ports.add(request.socket.remotePort);
        response.end();
      },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (let turn = 0; turn < 3; turn += 1) {
      // Each on its own connection, which the client requests to close.
      const outgoing = httpRequest(`${url}/v1/events`, {
        headers: { traceparent, connection: 'close' },
        agent: false,
      });
      const [incoming] = (await once(outgoing.end(), 'response')) as [IncomingMessage];
      await incoming.toArray();
    }
    expect(seen[0]?.headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(seen[0]?.headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(ports.size).toBe(1);
  });

  it('responds 503 with Retry-After and a problem without a host name when a service is down', async () => {
    const { url, logger } = await aConsole();
    const response = await fetch(`${url}/v1/events`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', instance: '/v1/events' });
    expect(text).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
    expect(logger.lines).toMatchObject([
      { level: 'warn', event: 'proxy.failed', fields: { target: 'ingress' } },
    ]);
  });

  it('responds 503 when a service does not respond', async () => {
    const { url } = await aConsole({ ingress: () => {} }, { CONSOLE_UPSTREAM_TIMEOUT: '1000' });
    expect((await fetch(`${url}/v1/events`, { method: 'POST', body: '{}' })).status).toBe(503);
  });

  it('aborts the response when the service dies during it', async () => {
    const { url } = await aConsole({
      history: (_request, response) => {
        response.writeHead(200);
        response.write('half', () => response.socket?.destroy());
      },
    });
    const broken = fetch(`${url}/v1/webhooks/deliveries`).then(async (response) => response.text());
    await expect(broken).rejects.toThrow();
  });

  it.each(['before the answer', 'in the middle of it'])(
    'ends the request when the client leaves %s',
    async (when) => {
      const arrived = vi.fn();
      const left = vi.fn();
      const { port } = await aConsole({
        history: (_request, response) => {
          if (when !== 'before the answer') response.write('begun');
          response.once('close', left);
          arrived();
        },
      });
      const socket = connect(port, '127.0.0.1');
      socket.write('GET /v1/webhooks/stream HTTP/1.1\r\nhost: x\r\n\r\n');
      await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
      if (when !== 'before the answer') await once(socket, 'data');
      socket.destroy();
      await vi.waitFor(() => expect(left).toHaveBeenCalled());
    },
  );

  it('aborts the request when the client disconnects during its body', async () => {
    const arrived = vi.fn();
    const aborted = vi.fn();
    const { port } = await aConsole({
      ingress: (request) => {
        request.once('error', aborted);
        request.once('data', arrived);
      },
    });
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nsome');
    await vi.waitFor(() => expect(arrived).toHaveBeenCalled());
    socket.destroy();
    await vi.waitFor(() => expect(aborted).toHaveBeenCalled());
  });

  it('measures forwarded requests by service and outcome', async () => {
    const { url, context } = await aConsole({ ingress: named('ingress') });
    await (await fetch(`${url}/v1/events`)).text();
    await (await fetch(`${url}/v1/webhooks/stats`)).text();
    await vi.waitFor(async () => {
      const text = await context.metrics.text();
      expect(text).toContain('_count{service="console",target="ingress",outcome="2xx"} 1');
      expect(text).toContain('_count{service="console",target="history",outcome="5xx"} 1');
    });
  });

  it('accepts `Expect: 100-continue`, and then treats the request like any other', async () => {
    const seen: IncomingMessage[] = [];
    const { url } = await aConsole({
      ingress: (request, response) => {
        seen.push(request);
        request.pipe(response);
      },
    });
    const headers = { expect: '100-continue' };
    const outgoing = httpRequest(`${url}/v1/events`, { method: 'POST', headers });
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('body');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(Buffer.concat(await incoming.toArray()).toString()).toBe('body');
    expect(seen[0]?.headers['traceparent']).toBeDefined();
  });

  it('lets open requests finish with `connection: close` while it stops', async () => {
    let finish: (() => void) | undefined;
    const { url, context } = await aConsole({
      ingress: (_request, response) => {
        finish = () => response.end('done');
      },
    });
    const answered = fetch(`${url}/v1/events`);
    await vi.waitFor(() => expect(finish).toBeDefined());
    const closing = context.resources.close(5000);
    finish?.();
    const response = await answered;
    expect(await response.text()).toBe('done');
    expect(response.headers.get('connection')).toBe('close');
    await closing;
  });
});

describe('the status page', () => {
  it('shows operators every service and its problem', async () => {
    const { operatorUrl: url, env } = await aConsole({
      ...all,
      fanout: (_request, response) => {
        response.statusCode = 503;
        response.end(JSON.stringify({ ready: false, parts: [{ name: 'table', state: 'starting' }] }));
      },
      delivery: (_request, response) => void response.end('<html>'),
    });
    const { services } = (await (await fetch(`${url}/status`)).json()) as {
      services: Record<string, unknown>[];
    };
    expect(services.map(({ name, state }) => [name, state])).toEqual([
      ['ingress', 'ready'],
      ['subscription', 'ready'],
      ['fanout', 'not-ready'],
      ['delivery', 'unreachable'],
      ['history', 'ready'],
    ]);
    const response = await fetch(url);
    const page = await response.text();
    expect(page).toContain('Not ready: fanout, delivery.');
    expect(page).toContain('table: starting');
    expect(page).toContain('what answers there is not a service of Tidings');
    expect(page).toContain(`${env['FANOUT_URL']}/metrics`);
  });

  it('runs and loads only its own assets', async () => {
    const { operatorUrl } = await aConsole(all);
    const response = await fetch(operatorUrl);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('reports a service that does not respond within its time limit', async () => {
    const { operatorUrl } = await aConsole({ ...all, fanout: () => {} }, { CONSOLE_ASK_TIMEOUT: '100' });
    expect(await (await fetch(operatorUrl)).text()).toContain('no answer within 100 ms');
  });

  it('is for operators only: the public server has neither it nor metrics', async () => {
    const { url, operatorUrl } = await aConsole(all);
    for (const path of ['/metrics', '/status']) expect((await fetch(url + path)).status).toBe(404);
    expect(await (await fetch(`${operatorUrl}/metrics`)).text()).toContain('tidings_http_request_seconds');
  });

  it('is ready whatever the state of the other services', async () => {
    const { url } = await aConsole();
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });
});

describe('the description of the API', () => {
  it('is merged from the services, and names those that do not respond', async () => {
    const paths = { '/v1/events': { post: {} } };
    const ingress: RequestListener = (_request, response) =>
      response.end(JSON.stringify({ info: { description: 'Ours.' }, tags: [], paths, components: {} }));
    const { url } = await aConsole({ ...all, ingress });
    const response = await fetch(`${url}/v1/openapi.json`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      info: { 'x-missing-services': ['subscription', 'history'] },
      paths,
    });
  });
});

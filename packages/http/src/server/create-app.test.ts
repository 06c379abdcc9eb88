import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError, Health } from '@tidings/runtime';
import type { Express } from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp, listen, mountRoutes, traceparentOf } from '../index.ts';

async function anApp(routes: (app: Express) => void = () => {}, maxBodyBytes?: number) {
  const logger = recordingLogger();
  const health = new Health();
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const limit = maxBodyBytes === undefined ? {} : { maxBodyBytes };
  const app = createApp({ service: 'test', logger, metrics, health, routes, ...limit });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  onTestFinished(async () => server.close(0));
  const get = async (path: string, init?: RequestInit) => fetch(server.url + path, init);
  return { get, logger, health, metrics };
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  return (await response.json()) as Record<string, unknown>;
}

const throwing = (error: unknown) => (app: Express) => {
  app.get('/thrown/:id', () => {
    throw error;
  });
  app.get('/rejected', async () => Promise.reject(error as Error));
};

describe('createApp', () => {
  it('responds to an unknown route with a problem that has all members', async () => {
    const { get } = await anApp();
    const response = await get('/nowhere?secret=1');
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toEqual({
      type: '/problems/not-found',
      title: 'Not found',
      status: 404,
      detail: 'There is no GET /nowhere.',
      instance: '/nowhere',
      code: 'not-found',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('explains its problem types', async () => {
    const { get } = await anApp();
    const response = await get('/problems/payload-too-large');
    expect(await response.json()).toMatchObject({
      status: 413,
      meaning: expect.stringContaining('limit') as string,
    });
    expect((await get('/problems/made-up')).status).toBe(404);
  });

  it('is live, and ready when its health is', async () => {
    const { get, health } = await anApp();
    const part = health.register('table');
    expect((await get('/live')).status).toBe(200);
    const notYet = await get('/ready');
    expect(notYet.status).toBe(503);
    const parts = [{ name: 'table', state: 'starting' }];
    expect(await notYet.json()).toEqual({ service: 'test', ready: false, parts });
    part.up();
    expect((await get('/ready')).status).toBe(200);
  });

  it('continues the trace of the caller and returns its id', async () => {
    const { get } = await anApp((app) => {
      app.get('/trace', (request, response) => void response.json({ traceparent: traceparentOf(request) }));
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const response = await get('/trace', { headers: { traceparent } });
    expect(response.headers.get('x-request-id')).toBe('0af7651916cd43dd8448eb211c80319c');
    const seen = (await response.json()) as { traceparent: string };
    expect(seen.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
    expect(seen.traceparent).not.toBe(traceparent);
  });

  it('never changes the prototype of a request or response, which would slow down node:http', async () => {
    const { get } = await anApp((app) => {
      app.get('/x', (request, response) => void response.status(200).json({ type: request.get('accept') }));
    });
    const changed: object[] = [];
    const spy = vi
      .spyOn(Object, 'setPrototypeOf')
      .mockImplementation(<T>(target: T, prototype: object | null): T => {
        if (Object.getPrototypeOf(target) !== prototype) changed.push(target as object);
        Reflect.setPrototypeOf(target as object, prototype);
        return target;
      });
    const answer = await get('/x', { headers: { accept: 'a/b' } }).finally(() => spy.mockRestore());
    expect(changed).toEqual([]);
    expect(await answer.json()).toEqual({ type: 'a/b' });
  });

  it('serves metrics as OpenMetrics to those that prefer it, and else as text', async () => {
    const { get } = await anApp();
    const typeFor = async (accept: string): Promise<string | null> =>
      (await get('/metrics', { headers: { accept } })).headers.get('content-type');
    const text = 'text/plain; version=0.0.4; charset=utf-8';
    const name = 'application/openmetrics-text';
    // As Prometheus 2 and 3 ask.
    for (const accept of [
      `${name};version=1.0.0,${name};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      `${name};version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,/;q=0.1`,
    ])
      expect(await typeFor(accept)).toContain('application/openmetrics-text; version=1.0.0');
    for (const accept of [`${name};version=0.0.1`, `text/plain, ${name};q=0`])
      expect(await typeFor(accept)).toBe(text);
    expect(await typeFor('*/*')).toBe(text);
    expect(await typeFor('text/plain')).toBe(text);
  });

  it('counts requests by route pattern and status class, never by path', async () => {
    const { get, metrics } = await anApp((app) => {
      app.get('/things/:id', (_request, response) => void response.json({}));
    });
    await get('/things/17');
    await get('/nothing/17');
    const text = await (await get('/metrics')).text();
    expect(text).toContain('_count{service="test",method="GET",route="/things/:id",status="2xx"} 1');
    expect(text).toContain('_count{service="test",method="GET",route="none",status="4xx"} 1');
    expect(text).not.toContain('17"');
    const idle = 'tidings_http_open_requests{service="test"} 0';
    await vi.waitFor(async () => expect(await metrics.text()).toContain(idle));
  });

  it('refuses a body over its limit at every route', async () => {
    const { get } = await anApp((app) => {
      app.post('/x', (_request, response) => void response.json({}));
    }, 10);
    const response = await get('/x', { method: 'POST', body: '12345678901' });
    expect(response.status).toBe(413);
    expect((await problemOf(response))['detail']).toBe('The body may have at most 10 bytes, got 11.');
  });
});

it('throws for a route under /v1 that is not declared', () => {
  const app = () =>
    createApp({
      service: 'test',
      logger: recordingLogger(),
      health: new Health(),
      metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
      routes: (router) => {
        mountRoutes(router, [], { authenticate: () => null });
        router.post('/v1/things', (_request, response) => void response.end());
      },
    });
  expect(app).toThrow('/v1/things is mounted but not declared');
});

describe('an error thrown by a route', () => {
  it.each(['/thrown/1', '/rejected'])('becomes a problem by its code (%s)', async (path) => {
    const errors = [{ pointer: '/type', detail: 'is missing' }];
    const error = new AppError({ code: 'unprocessable', message: 'No.', details: errors });
    const { get, logger } = await anApp(throwing(error));
    const response = await get(path);
    expect(response.status).toBe(422);
    expect(await problemOf(response)).toMatchObject({ code: 'unprocessable', detail: 'No.', errors });
    expect(logger.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  it('is logged and answered 500 without internals when it is unexpected', async () => {
    const { get, logger } = await anApp(throwing(new Error('password of db.internal is hunter2')));
    const response = await get('/rejected');
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toMatch(/hunter2|db\.internal|stack|at /);
    const { traceId } = JSON.parse(text) as { traceId: string };
    const [line] = logger.lines.filter(({ level }) => level === 'error');
    expect(line).toMatchObject({
      event: 'http.failed',
      fields: { method: 'GET', path: '/rejected', status: 500 },
    });
    expect(line?.fields['trace_id']).toBe(traceId);
  });

  it('hides the message of a 5xx AppError, unless it is public', async () => {
    const hidden = new AppError({ code: 'unavailable', message: 'kafka-1:9092 refused', retryAfterMs: 2500 });
    const first = await (await anApp(throwing(hidden))).get('/rejected');
    expect(first.status).toBe(503);
    expect(first.headers.get('retry-after')).toBe('3');
    expect(await first.text()).not.toContain('kafka-1');
    const shown = new AppError({ code: 'unavailable', message: 'Repeat it.', isPublic: true });
    const second = await (await anApp(throwing(shown))).get('/rejected');
    expect(second.headers.get('retry-after')).toBe('1');
    expect((await problemOf(second))['detail']).toBe('Repeat it.');
  });

  it('has no line in the log if a metric counts it', async () => {
    const init = { code: 'unavailable', message: 'It is full.', isPublic: true } as const;
    for (const [isCounted, lines] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { get, logger } = await anApp(throwing(new AppError({ ...init, isCounted })));
      expect((await get('/thrown/7')).status).toBe(503);
      expect(logger.lines).toHaveLength(lines);
    }
  });

  it('responds 400 to a malformed path', async () => {
    const { get } = await anApp(throwing(new Error('never')));
    const response = await get('/thrown/%E0%A4%A');
    expect(response.status).toBe(400);
    expect((await problemOf(response))['code']).toBe('invalid-request');
  });

  it('destroys the connection when the response has begun', async () => {
    const { get } = await anApp((app) => {
      app.get('/half', async (_request, response) => {
        response.setHeader('content-length', 100);
        response.write('half');
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('late');
      });
    });
    await expect(get('/half').then(async (response) => response.text())).rejects.toThrow();
  });
});

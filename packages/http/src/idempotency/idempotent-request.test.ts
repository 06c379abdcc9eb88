import { createMetrics, silentLogger } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { AppError, type ErrorCode, Health, keyRing } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonBody } from '../routing/body.ts';
import { mountRoutes } from '../routing/mount-routes.ts';
import { queryOf } from '../routing/query.ts';
import { type Call, type Route, route } from '../routing/route.ts';
import { createApp } from '../server/create-app.ts';
import { listen } from '../server/listen.ts';
import { MemoryIdempotencyStore } from '../testing/memory-idempotency-store.ts';
import { idempotencyWindowMs } from './idempotent-request.ts';

type Handle = (call: Call) => Promise<Readonly<{ status: number; body: object }>>;

const pay = (handle: Handle): Route =>
  route({
    operationId: 'payThing',
    method: 'POST',
    path: '/things/{id}/pay',
    access: 'subscriptions:write',
    tag: 'Subscriptions',
    summary: 'Pay a thing',
    params: { id: { type: 'string' } },
    takes: ['If-Match'],
    query: queryOf<{ dry?: boolean }>({ dry: { type: 'boolean' } }),
    body: jsonBody<object>({ schema: { type: 'object' }, ifEmpty: {} }),
    responses: { 201: { description: 'Paid.', schema: { type: 'object' } } },
    handle,
  });

const principalOf = (keyId: string) => ({
  keyId,
  workspaceId: keyId.slice(0, 1),
  consumerId: null,
  scopes: new Set(['subscriptions:write']),
});

async function aServer(handle: Handle) {
  const runs: Call['run'][] = [];
  const store = new MemoryIdempotencyStore();
  const [clock, logger] = [fakeClock(), recordingLogger()];
  const ring = keyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
  const idempotency = { store, ring, clock, logger, onReplay: () => {} };
  const routes = [
    pay(async (call) => {
      runs.push(call.run);
      return handle(call);
    }),
  ];
  const app = createApp({
    service: 'test',
    logger: silentLogger,
    metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
    health: new Health(),
    routes: (router) => mountRoutes(router, routes, { authenticate: principalOf, idempotency }),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger: silentLogger });
  onTestFinished(async () => server.close(0));
  const call = async ({ by = 'a1', key = 'k', body = '{}', at = 'x/pay', ifMatch = '' } = {}) => {
    const response = await fetch(`${server.url}/things/${at}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${by}`, 'content-type': 'application/json' },
        ...(key === '' ? {} : { 'idempotency-key': key }),
        ...(ifMatch === '' ? {} : { 'if-match': ifMatch }),
      },
      body,
    });
    const text = await response.text();
    return { status: response.status, replayed: response.headers.get('idempotency-replayed'), text };
  };
  return { call, runs, store, clock, logger };
}

const answerRun: Handle = async ({ run }) => ({ status: 201, body: { made: run.id } });

describe('a POST with an Idempotency-Key', () => {
  it('runs once for each key, and each time without a key', async () => {
    const { call, runs } = await aServer(answerRun);
    const first = await call();
    expect(await call({ body: ' {} ' })).toEqual({ ...first, replayed: 'true' });
    await call({ key: '' });
    await call({ key: '' });
    expect(runs).toHaveLength(3);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(3);
  });

  it('is another request for another API key, object or route', async () => {
    const { call, runs } = await aServer(answerRun);
    await call();
    for (const other of [{ by: 'a2' }, { by: 'b1' }, { at: 'y/pay' }]) {
      expect(await call(other)).toMatchObject({ status: 201, replayed: null });
    }
    expect(runs).toHaveLength(4);
  });

  it.each([{ body: '{"a":1}' }, { at: 'x/pay?dry=true' }, { ifMatch: '"3"' }])(
    'is refused with 422 when the same key comes with %j',
    async (other) => {
      const { call, runs } = await aServer(answerRun);
      await call();
      expect(await call(other)).toMatchObject({ status: 422 });
      expect(runs).toHaveLength(1);
    },
  );

  it('runs again when the window of its key has passed', async () => {
    const { call, runs, clock } = await aServer(answerRun);
    await call();
    await clock.advance(idempotencyWindowMs - 1);
    expect((await call()).replayed).toBe('true');
    await clock.advance(1);
    expect(await call({ body: '{"a":1}' })).toMatchObject({ status: 201, replayed: null });
    expect(runs.map(({ isRepeat }) => isRepeat)).toEqual([false, false]);
  });

  it('returns 409 while the first request is in progress, and the stored response afterwards', async () => {
    let finish = (): void => {};
    const isFinished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { call, runs } = await aServer(async (request) => {
      await isFinished;
      return answerRun(request);
    });
    const first = call();
    await expect.poll(() => runs.length).toBe(1);
    expect((await call()).status).toBe(409);
    finish();
    const { text } = await first;
    expect(await call()).toEqual({ status: 201, replayed: 'true', text });
  });

  it.each<[ErrorCode, number]>([
    ['unprocessable', 422],
    ['not-found', 404],
    ['conflict', 409],
    ['precondition-failed', 412],
    ['rate-limited', 429],
  ])('releases the key after the refusal %s, also for another body', async (code, status) => {
    const { call, runs, store } = await aServer(async (request) => {
      if (runs.length === 1) throw new AppError({ code, message: 'no' });
      return answerRun(request);
    });
    expect((await call()).status).toBe(status);
    expect(store.all()).toEqual([]);
    expect((await call({ body: '{"a":1}' })).status).toBe(201);
  });

  it.each<ErrorCode>(['unavailable', 'internal', 'timeout'])(
    'is run again after the fault %s, with the same id, as a repeat, and keeps the id until it succeeds',
    async (code) => {
      const { call, runs } = await aServer(async (request) => {
        if (runs.length === 1) throw new AppError({ code, message: 'away' });
        // This refusal may be caused by data that an earlier run has written.
        if (runs.length === 2) throw new AppError({ code: 'conflict', message: 'not now' });
        return answerRun(request);
      });
      for (const status of [problemStatus[code], 409, 201]) expect((await call()).status).toBe(status);
      const [first] = runs;
      expect(runs).toEqual([first, { ...first, isRepeat: true }, { ...first, isRepeat: true }]);
      expect((await call()).replayed).toBe('true');
    },
  );

  it('responds although its response could not be stored, and then runs again as a repeat', async () => {
    const { call, runs, store, logger } = await aServer(answerRun);
    const complete = store.complete.bind(store);
    store.complete = async () => {
      store.complete = complete;
      throw new AppError({ code: 'unavailable', message: 'away' });
    };
    const first = await call();
    expect(first.status).toBe(201);
    expect(logger.lines).toMatchObject([{ event: 'idempotency.not-stored' }]);
    store.loseResponses();
    expect(await call()).toEqual(first);
    expect(runs.map(({ isRepeat }) => isRepeat)).toEqual([false, true]);
  });

  it('seals the stored response', async () => {
    const { call, store } = await aServer(answerRun);
    const { text } = await call();
    const { made } = JSON.parse(text) as { made: string };
    const [entry] = store.all();
    expect(entry?.answer).toMatch(/^v1\.k1\./);
    expect(entry?.answer).not.toContain(made);
  });
});

const problemStatus: Partial<Record<ErrorCode, number>> = { unavailable: 503, internal: 500, timeout: 504 };

describe('a POST that is mounted without a store for its responses', () => {
  const mount = (idempotency?: Route['idempotency']) => () => {
    const one = { ...pay(answerRun), ...(idempotency === undefined ? {} : { idempotency }) };
    createApp({
      service: 'test',
      logger: silentLogger,
      metrics: createMetrics({}, { service: 'test', nodeMetrics: false }),
      health: new Health(),
      routes: (router) => mountRoutes(router, [one], { authenticate: principalOf }),
    });
  };

  it('is refused at mounting, unless it is declared to need none', () => {
    expect(mount()).toThrow('payThing is mounted without a store for its responses');
    expect(mount('derived')).not.toThrow();
    expect(mount('read-only')).not.toThrow();
  });
});

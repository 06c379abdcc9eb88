import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { aConsole } from '../../test/a-session-console.ts';

type Console = Awaited<ReturnType<typeof aConsole>>;
type SignedIn = Awaited<ReturnType<Console['signIn']>>;

const signOutPath = '/v1/webhooks/identity/sign-out';

const leave = async ({ call }: Console, { cookie, csrf }: SignedIn, query = '') =>
  call(`/session/operator${query}`, { method: 'DELETE', headers: { cookie, 'x-tidings-csrf': csrf } });

/** Answers streams with an event and keeps them open; returns those that are open. */
function streams() {
  const open = new Set<ServerResponse>();
  const answers = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.startsWith('/v1/webhooks/stream')) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
    open.add(response);
    response.once('close', () => open.delete(response));
    return true;
  };
  return { open, answers };
}

async function openStream(url: string, cookie: string): Promise<IncomingMessage> {
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  const request = get(`${url}/v1/webhooks/stream`, { headers, agent: false });
  onTestFinished(() => void request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response, 'readable');
  response.resume();
  return response;
}

it('names the session to the services, whatever the client says about it', async () => {
  const running = await aConsole();
  const { cookie } = await running.signIn();
  const headers = { cookie, 'x-tidings-session': 'other.1' };
  await running.call('/v1/webhooks/deliveries', { headers });
  const mark = running.seen.at(-1)?.headers['x-tidings-session'];
  expect(mark).toMatch(/^[0-9a-f-]{36}\.\d{13}$/);
  // A field that the client declares as one of its own connection only is not passed on, but for this one.
  const hopByHop = get(`${running.url}/v1/webhooks/deliveries`, {
    headers: { cookie, connection: 'x-tidings-session', 'sec-fetch-site': 'same-origin' },
    agent: false,
  });
  const [response] = (await once(hopByHop, 'response')) as [IncomingMessage];
  response.resume();
  expect(running.seen.at(-1)?.headers).toMatchObject({
    authorization: 'Bearer operator-key',
    'x-tidings-session': mark,
  });
  await running.call('/v1/webhooks/deliveries', { headers: { 'x-tidings-session': 'other.1' } });
  expect(running.seen.at(-1)?.headers['x-tidings-session']).toBeUndefined();
});

it('tells all services which session is over, or that all of its key are', async () => {
  const bodies: string[] = [];
  const running = await aConsole({}, (request) => {
    if (request.url === signOutPath) request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
    return false;
  });
  const [one, two] = [await running.signIn(), await running.signIn()];
  expect((await leave(running, one)).status).toBe(204);
  expect(running.seen.at(-1)).toMatchObject({ url: signOutPath, method: 'POST' });
  const { authorization, 'x-tidings-session': mark } = running.seen.at(-1)?.headers ?? {};
  expect([authorization, mark]).toEqual([
    'Bearer operator-key',
    expect.stringMatching(/^[0-9a-f-]{36}\.\d+$/),
  ]);
  expect((await leave(running, two, '?everywhere=true')).status).toBe(204);
  expect(bodies).toEqual(['{"ends":"session"}', '{"ends":"all"}']);
});

it.each([
  ['does not answer', 503, 503],
  ['says that it has ended already', 401, 204],
])('signs out here and clears the cookie when the service %s', async (_, answered, status) => {
  const running = await aConsole({}, (request, response) => {
    if (request.url !== signOutPath) return false;
    request.resume();
    response.writeHead(answered).end();
    return true;
  });
  const session = await running.signIn();
  const left = await leave(running, session);
  expect(left.status).toBe(status);
  expect(left.headers.getSetCookie()[0]).toContain('=; Max-Age=0');
  if (status === 503) expect(await left.text()).toContain('could not be recorded');
  await running.call('/v1/webhooks/deliveries', { headers: { cookie: session.cookie } });
  expect(running.seen.at(-1)?.headers.authorization).toBeUndefined();
});

it('ends the open streams of a session that signs out, and no others', async () => {
  const { open, answers } = streams();
  const running = await aConsole({}, answers);
  const [one, two] = [await running.signIn(), await running.signIn()];
  const [first, second] = [
    await openStream(running.url, one.cookie),
    await openStream(running.url, two.cookie),
  ];
  const ended = once(first, 'end');
  await leave(running, one);
  await ended;
  await eventually(async () => expect(open.size).toBe(1));
  const alsoEnded = once(second, 'end');
  await leave(running, two, '?everywhere=true');
  await alsoEnded;
});

it('ends an open stream when its session ends', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { answers } = streams();
  const running = await aConsole({ CONSOLE_SESSION_IDLE: '10m', CONSOLE_SESSION_MAX: '1h' }, answers);
  const { cookie } = await running.signIn();
  const stream = await openStream(running.url, cookie);
  let hasEnded = false;
  stream.once('end', () => (hasEnded = true));
  await vi.advanceTimersByTimeAsync(9 * 60_000);
  await running.call('/v1/webhooks/deliveries', { headers: { cookie, 'x-tidings-background': '1' } });
  expect(hasEnded).toBe(false);
  const ended = once(stream, 'end');
  await vi.advanceTimersByTimeAsync(60_000 + 2);
  await ended;
});

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Caller } from './harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';
import { freePortBase, type LocalStack } from './harness/tidings.ts';

const main = fileURLToPath(new URL('../services/server/dist/src/main.js', import.meta.url));
const processes: ChildProcess[] = [];

let local: LocalStack;
let key: string;
let ports: Readonly<{ one: number; other: number }>;

// Two more instances of the console, as behind a load balancer: one key ring, and one host for the browser.
beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_instances_${Date.now()}`);
  ({ key } = await new Caller(local.url, local.admin_key).newKey(local, { scopes: ['deliveries:read'] }));
  const base = await freePortBase();
  ports = { one: base, other: base + 1 };
  const ring = `k1:${randomBytes(32).toString('base64')}`;
  for (const port of Object.values(ports)) startInstance(port, ring);
  for (const port of Object.values(ports))
    await eventually(async () => expect((await send(port, '/session/operator')).status).toBe(401));
}, 60_000);
afterAll(() => {
  for (const instance of processes) instance.kill();
});

function startInstance(port: number, ring: string): void {
  const urls = Object.entries(local.services).map(
    ([name, url]) => [`${name.toUpperCase()}_URL`, url] as const,
  );
  const env = { SERVICES: 'console', CONSOLE_PORT: String(port), CONSOLE_SESSION_KEYS: ring };
  processes.push(
    spawn(process.execPath, [main], {
      env: { ...process.env, ...Object.fromEntries(urls), ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
}

type Options = Readonly<{ method?: string; headers?: Readonly<Record<string, string>>; body?: string }>;

async function open(
  port: number,
  path: string,
  { method, headers, body }: Options,
): Promise<IncomingMessage> {
  const sent = httpRequest({
    ...{ host: '127.0.0.1', port, path, method: method ?? 'GET', agent: false },
    headers: { host: 'console.example', 'sec-fetch-site': 'same-origin', ...headers },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function send(port: number, path: string, options: Options = {}) {
  const response = await open(port, path, options);
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
}

async function signIn(port: number) {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ key });
  const { headers: answered, text: view } = await send(port, '/session/operator', {
    ...{ method: 'POST', headers, body },
  });
  const { csrf } = JSON.parse(view) as Readonly<{ csrf: string }>;
  return { cookie: answered['set-cookie']?.[0]?.split(';')[0] ?? '', 'x-tidings-csrf': csrf };
}

const statusAt = async (port: number, headers: Readonly<Record<string, string>>) =>
  (await send(port, '/v1/webhooks/deliveries', { headers })).status;

/** Opens a live stream, and returns all of it once it has ended. */
async function follow(
  port: number,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<{ ended: Promise<string> }>> {
  const stream = await open(port, '/v1/webhooks/stream', { headers });
  onTestFinished(() => void stream.destroy());
  expect(stream.statusCode).toBe(200);
  return { ended: text(stream) };
}

it('refuses a session at one instance that was signed out at the other, and no other session', async () => {
  const [session, another] = [await signIn(ports.one), await signIn(ports.one)];
  // The cookie of one instance is good at the other.
  expect(await statusAt(ports.other, session)).toBe(200);
  const { ended } = await follow(ports.other, session);
  const left = await send(ports.one, '/session/operator', { method: 'DELETE', headers: session });
  expect(left.status).toBe(204);
  expect(await ended).toContain('"reason":"revoked"');
  await eventually(async () => expect(await statusAt(ports.other, session)).toBe(401));
  expect(await statusAt(ports.other, another)).toBe(200);
});

it('ends every session of a key at both instances, with their streams, when one signs out everywhere', async () => {
  const [here, there] = [await signIn(ports.one), await signIn(ports.other)];
  const { ended } = await follow(ports.other, there);
  const path = '/session/operator?everywhere=true';
  const left = await send(ports.one, path, { method: 'DELETE', headers: here });
  expect(left.status).toBe(204);
  expect(await ended).toContain('"reason":"revoked"');
  for (const session of [here, there])
    await eventually(async () => expect(await statusAt(ports.other, session)).toBe(401));
  // The key is as good as before.
  expect(await statusAt(ports.other, await signIn(ports.other))).toBe(200);
});

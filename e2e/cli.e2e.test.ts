import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCollector } from './harness/collector.ts';
import { startTidings, type Tidings } from './harness/tidings.ts';

const program = fileURLToPath(new URL('../node_modules/.bin/tidings', import.meta.url));

let tidings: Tidings;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  tidings = await startTidings();
  const { url, admin_key } = await tidings.local();
  env = { ...process.env, TIDINGS_URL: url, TIDINGS_API_KEY: admin_key };
});
afterAll(async () => {
  await tidings?.stop();
});

const run = (args: readonly string[], environment = env) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(program, args, { env: environment, cwd: join(tidings.dataDir, '..') }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });

it('creates a subscription, publishes to it, and shows the delivery', async () => {
  const collector = await startCollector();
  const made = await run([
    'subscriptions',
    'create',
    '--endpoint',
    collector.url,
    '--event',
    'cli.*',
    '--json',
  ]);
  expect(made).toMatchObject({ code: 0, err: '' });
  const { id, secret } = JSON.parse(made.out) as { id: string; secret: string };
  collector.trust(secret);
  const sent = await run(['events', 'publish', 'cli.made', '--data', '{"n":1}', '--json']);
  const { id: eventId } = JSON.parse(sent.out) as { id: string };
  await eventually(async () => {
    const listed = await run(['deliveries', 'list', '--event', eventId]);
    expect(listed.out).toMatch(new RegExp(`delivered +cli\\.made +${id}`));
  });
  expect((await run(['subscriptions', 'test', id])).out).toMatch(/^success +true$/m);
  expect((await run(['subscriptions', 'disable', id, '--reason', 'done'])).out).toMatch(/^state +disabled$/m);
  expect((await run(['subscriptions', 'delete', id])).code).toBe(0);
  const gone = await run(['subscriptions', 'get', id]);
  expect(gone).toMatchObject({ code: 1, err: expect.stringMatching(/^404 Not found: /) as string });
});

it('tells a fault of the caller with its place, a bad key, and that nobody is there', async () => {
  const wrong = await run(['subscriptions', 'create', '--endpoint', 'https://x.example', '--event', 'a b']);
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('/events/0: ') as string });
  const stranger = await run(['subscriptions', 'list'], { ...env, TIDINGS_API_KEY: 'not-a-key' });
  expect(stranger).toMatchObject({ code: 1, err: expect.stringMatching(/^401 /) as string });
  const nobody = await run(['subscriptions', 'list'], { ...env, TIDINGS_URL: 'http://127.0.0.1:2' });
  expect(nobody).toMatchObject({ code: 3, err: expect.stringContaining('does not answer') as string });
});

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { generateKeyPair, generateSecret, signHeaders } from '../../packages/signing/src/index.ts';
import { eventually } from '../../packages/testing/src/eventually.ts';

const folder = fileURLToPath(
  new URL('../../services/console/web/src/screens/subscriptions/verification/', import.meta.url),
);

/**
 * Runs the sample of a language. Go is left out: compiling its standard library takes longer than a unit test may.
 * `npm run test:ops` runs the receiver in Go, which verifies with the same code.
 */
const runners = [
  { language: 'Node.js', command: process.execPath, args: (file: string) => [`${file}.mjs`], modules: {} },
  {
    language: 'Python',
    command: 'python3',
    args: (file: string) => [`${file}.py`],
    modules: { v1a: ['-c', 'import cryptography'] },
  },
  {
    language: 'PHP',
    command: 'php',
    args: (file: string, port: number) => ['-S', `127.0.0.1:${port}`, `${file}.php`],
    modules: { v1a: ['-r', 'exit(extension_loaded("sodium") ? 0 : 1);'] },
  },
] as const;
const has = (command: string, args: readonly string[]) => spawnSync(command, args).status === 0;
/** The languages of this machine: only Node.js is always there. */
const installed = runners.filter(({ command }) => has(command, ['--version']));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

type Receiver = Readonly<{ post: (headers: object, body: Buffer) => Promise<number> }>;

async function start(runner: (typeof runners)[number], file: string, env: object): Promise<Receiver> {
  const port = await freePort();
  const process_: ChildProcess = spawn(runner.command, runner.args(folder + file, port), {
    env: { ...process.env, PORT: String(port), PYTHONUNBUFFERED: '1', ...env },
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    process_.kill();
    await new Promise((resolve) => process_.once('exit', resolve));
  });
  const post: Receiver['post'] = async (headers, body) =>
    (
      await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: { connection: 'close', 'content-type': 'application/json', ...headers },
        body: new Uint8Array(body),
      })
    ).status;
  await eventually(async () => expect(await post({}, Buffer.from('{}'))).toBe(401));
  return { post };
}

const body = Buffer.from('{"type":"order.paid","data":{"note":"grüße \\u202e 1.0"}}');
const now = () => Math.floor(Date.now() / 1_000);

async function expectVerifies({ post }: Receiver, secret: string, other: string): Promise<void> {
  const signed = { id: 'dlv_1', timestampSeconds: now(), body };
  const headers = signHeaders({ ...signed, secrets: [secret] });
  expect(await post(headers, body)).toBe(204);
  // During a rotation a request has a signature of each secret.
  expect(await post(signHeaders({ ...signed, secrets: [other, secret] }), body)).toBe(204);
  expect(await post(signHeaders({ ...signed, secrets: [other] }), body)).toBe(401);
  expect(await post(headers, Buffer.from(`${body.toString()} `))).toBe(401);
  expect(await post({ ...headers, 'webhook-id': 'dlv_2' }, body)).toBe(401);
  for (const timestampSeconds of [now() - 310, now() + 310])
    expect(await post(signHeaders({ ...signed, timestampSeconds, secrets: [secret] }), body)).toBe(401);
  for (const forged of ['', 'v1,', 'v1a,', 'v1a,AAAA', 'v1', ' ', 'v2,x'])
    expect(await post({ ...headers, 'webhook-signature': forged }, body)).toBe(401);
}

describe.each(installed)('the receiver in $language', (runner) => {
  it('accepts what is signed with its secret, and nothing else', async () => {
    const [secret, other] = [generateSecret(), generateSecret()];
    await expectVerifies(await start(runner, 'v1', { WEBHOOK_SECRET: secret }), secret, other);
  });

  it('trusts both secrets during a rotation', async () => {
    const [old, next] = [generateSecret(), generateSecret()];
    const receiver = await start(runner, 'v1', { WEBHOOK_SECRET: `${next},${old}` });
    for (const secret of [old, next])
      expect(
        await receiver.post(
          signHeaders({ id: 'dlv_1', timestampSeconds: now(), body, secrets: [secret] }),
          body,
        ),
      ).toBe(204);
  });

  const lacks = 'v1a' in runner.modules && !has(runner.command, runner.modules.v1a);
  it.skipIf(lacks)('accepts what is signed with its key pair, and nothing else', async () => {
    const [pair, other] = [generateKeyPair(), generateKeyPair()];
    const receiver = await start(runner, 'v1a', { WEBHOOK_PUBLIC_KEY: pair.publicKey });
    await expectVerifies(receiver, pair.secret, other.secret);
  });
});

/** Returns the function that verifies, with the comment before it. */
function verificationOf(file: string | URL, end: string): string {
  const text = readFileSync(file, 'utf8');
  const start = text.search(/^(\/\*\* Returns true if|\/\/ isGenuine|def is_genuine)/m);
  return text.slice(start, text.indexOf(end, start));
}

describe('the receivers of examples/receivers', () => {
  it.each([
    ['node/receive.mjs', 'v1.mjs', '\n}\n'],
    ['python/receive.py', 'v1.py', '\n\n\n'],
    ['php/receive.php', 'v1.php', '\n}\n'],
    ['go/main.go', 'v1.go', '\n}\n'],
  ])('%s verifies with the code that the console shows', (receiver, sample, end) => {
    const examples = new URL('../../examples/receivers/', import.meta.url);
    const shown = verificationOf(folder + sample, end);
    expect(shown.length).toBeGreaterThan(700);
    expect(verificationOf(new URL(receiver, examples), end)).toBe(shown);
  });
});

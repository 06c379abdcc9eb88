import { generateSecret, sign } from '@tidings/signing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../ports.ts';
import { type DemoInbox, startDemoInbox } from './demo-inbox.ts';

const secret = generateSecret();
const body = Buffer.from(
  JSON.stringify({ id: 'evt_1', type: 'demo.hello', timestamp: new Date().toISOString(), data: { a: 1 } }),
);
let inbox: DemoInbox;
let lines: string[];

beforeEach(async () => {
  lines = [];
  const [port = 0] = await freePorts('127.0.0.1', 1);
  inbox = await startDemoInbox({
    host: '127.0.0.1',
    port,
    print: (line) => lines.push(line),
    curl: `curl -d '{"<type>":"demo.hello"}'`,
  });
  inbox.trust(secret);
});

afterEach(() => inbox.close());

async function post(signedWith: string, sent = body, id = 'dlv_1'): Promise<number> {
  const timestampSeconds = Math.floor(Date.now() / 1000);
  const response = await fetch(inbox.endpointUrl, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': sign({ id, timestampSeconds, body, secrets: [signedWith] }),
    },
    body: new Uint8Array(sent),
  });
  return response.status;
}

async function listed(): Promise<Record<string, unknown>[]> {
  const answer = (await (await fetch(`${inbox.url}/webhooks.json`)).json()) as {
    data: Record<string, unknown>[];
  };
  return answer.data;
}

test('a signed webhook receives 204, is listed, and is reported in one line with its age', async () => {
  expect(await post(secret)).toBe(204);
  expect(await listed()).toMatchObject([
    { webhookId: 'dlv_1', eventType: 'demo.hello', verification: 'verified', body: body.toString() },
  ]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^webhook demo\.hello \(dlv_1\): signature verified, \d+ ms after acceptance$/);
});

test('a changed body and a signature by another secret are rejected and shown as rejected', async () => {
  expect(await post(secret, Buffer.from(`${body.toString()} `))).toBe(401);
  expect(await post(generateSecret())).toBe(401);
  expect((await listed()).map(({ verification }) => verification)).toEqual([
    'no-matching-signature',
    'no-matching-signature',
  ]);
});

test('at its broken address it receives 503 and the reason, whatever arrives, and lists it as failed on purpose', async () => {
  const response = await fetch(inbox.brokenUrl, { method: 'POST', body: new Uint8Array(body) });
  expect([response.status, await response.text()]).toEqual([503, 'The demo inbox is broken on purpose.\n']);
  expect(await listed()).toMatchObject([{ eventType: 'demo.hello', status: 503 }]);
  expect(lines[0]).toMatch(/, answered 503 on purpose$/);
  expect(await post(secret)).toBe(204);
});

test('the last 50 webhooks are listed, newest first', async () => {
  for (let i = 0; i < 52; i += 1) await post(secret, body, `dlv_${i}`);
  const entries = await listed();
  expect(entries).toHaveLength(50);
  expect(entries[0]).toMatchObject({ webhookId: 'dlv_51' });
});

test('terminal control characters of a request do not reach the terminal', async () => {
  await post(secret, Buffer.from('{"type":"\\u001b[2Jdemo"}'));
  expect(lines[0]).toContain('webhook ?[2Jdemo (dlv_1)');
});

test('the page shows the command to publish an event, escaped', async () => {
  const page = await fetch(inbox.url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain(`curl -d '{&quot;&lt;type&gt;&quot;:&quot;demo.hello&quot;}'`);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, type Receiver, startReceiver } from '@tidings/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  aBrowserPage,
  expectAccessibleInBothSchemes,
  picture,
  signInAt,
  withBrowser,
} from '../harness/browser.ts';
import { Caller, statusAt } from '../harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from '../harness/shared-tidings.ts';
import type { LocalStack } from '../harness/tidings.ts';

withBrowser();

const hostile = '<img src=x onerror="document.title=1">\u202egnp';
const logo =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let local: LocalStack;
let api: Caller;
let endpoint: Receiver;
let example: ChildProcess;
let exampleUrl: string;
let folder: string;

beforeAll(async () => {
  const shared = await sharedTidings();
  local = await inOwnWorkspace(shared, `ws_portal_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  endpoint = await startReceiver({ answer: { status: 500, body: hostile } });
  for (const [consumer, events] of [
    ['acme', ['order.*']],
    ['globex', ['invoice.*']],
  ] as const) {
    await api.call('POST', '/webhooks/subscriptions', {
      ...{ endpoint_url: `${endpoint.url}/${consumer}`, events, consumer_id: consumer },
      ...{ description: consumer === 'acme' ? `Orders ${hostile}` : 'Invoices', retry_schedule: [0, 86_400] },
      send_test: false,
    });
  }
  for (const type of ['order.paid', 'invoice.sent']) await api.call('POST', '/events', { type, data: {} });
  await startExample();
  await api.call('PATCH', `/webhooks/workspaces/${local.workspace_id}`, {
    portal: {
      ...{
        name: 'Shop webhooks',
        logo,
        light: { accent: '#0b5c4a', bar: '#0b3d33' },
        dark: { accent: '#5fd3b3' },
      },
      refresh_url: `${exampleUrl}webhooks`,
    },
  });
  await api.list('/webhooks/deliveries?status=retrying', 2);
}, 120_000);
afterAll(async () => {
  example.kill();
  await endpoint.close();
  await rm(folder, { recursive: true });
});

/** Starts the example of docs/portal.md, on another site than the portal: localhost, not 127.0.0.1. */
async function startExample(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'tidings-portal-'));
  await writeFile(join(folder, 'local.json'), JSON.stringify(local));
  const file = fileURLToPath(new URL('../../examples/embed-portal.mjs', import.meta.url));
  const env = { ...process.env, TIDINGS_DATA: folder, PORT: '0' };
  example = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(example.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  exampleUrl = line.toString().trim();
}

const aLink = async (body: object = {}) =>
  api.call<{ url: string; token: string }>('POST', '/webhooks/portal-links', {
    consumer_id: 'acme',
    ...body,
  });

/** Serves a page that frames the portal and hands over tokens, as long as there are any. */
async function aParent(tokens: readonly string[], host: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<title>Parent</title><script>
const tokens = ${JSON.stringify(tokens)};
window.messages = [];
addEventListener('message', ({ data, source }) => {
  messages.push(data.type);
  const token = tokens.shift();
  if (token !== undefined) source.postMessage({ type: 'tidings-portal:token', token }, '${local.url}');
});</script>
<iframe src="${local.url}/portal" title="Portal" style="width:900px;height:600px"></iframe>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}

const messagesIn = async (page: Page) => page.evaluate<string[]>('window.messages');

it('opens by a link with the look of the workspace, and shows a partner what is its own', async () => {
  const { url, token } = await aLink();
  const page = await aBrowserPage();
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  await page.goto(url);
  await page.getByRole('heading', { name: 'What fails now' }).waitFor();
  await page.getByText('The endpoint answered 500, which is no success.').waitFor();
  // A name of somebody else is text.
  await page.getByText('Orders <img src=x onerror="document.title=1">⟦U+202E⟧gnp').waitFor();
  expect(page.url()).toBe(`${local.url}/portal`);
  expect(await page.title()).toBe('Home · Shop webhooks');
  expect(await page.getByText(/invoice\.sent|globex/i).count()).toBe(0);
  const accent = `getComputedStyle(document.querySelector('main a:not([href^="#"])')).color`;
  expect(await page.evaluate<string>(accent)).toBe('rgb(11, 92, 74)');
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'portal-home');
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await page.evaluate<string>(accent)).toBe('rgb(95, 211, 179)');
  const kept = await page.evaluate<string>(
    'JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie',
  );
  expect(kept).not.toContain(token);
  expect(sent.filter((request) => request.includes(token))).toEqual([]);
  const [foreign] = await api.list('/webhooks/deliveries?consumer_id=globex', 1);
  await page.goto(`${local.url}/portal/deliveries/${foreign?.id}`);
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  // The link signs in to the portal only.
  await page.goto(`${local.url}/deliveries`);
  await page.getByLabel('API key').waitFor();
});

it('leads a partner without endpoints through its first steps', async () => {
  const page = await aBrowserPage();
  await page.goto((await aLink({ consumer_id: 'newcomer' })).url);
  await page.getByRole('heading', { name: 'First steps' }).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'portal-first-steps');
});

it('signs out for good, also the link itself, and comes back to the same page by the refresh URL', async () => {
  const { url, token } = await aLink({ path: '/deliveries?status=retrying' });
  const page = await aBrowserPage();
  await page.goto(url);
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByText('You have signed out.').waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'portal-closed');
  for (const service of ['subscription', 'history'] as const) {
    await eventually(async () =>
      expect(await statusAt(String(local.services[service]), service, token)).toBe(401),
    );
  }
  await page.getByRole('link', { name: `Continue at ${new URL(exampleUrl).host}` }).click();
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).waitFor();
  expect(page.url()).toBe(`${local.url}/portal/deliveries?status=retrying`);
});

it('ends a session, with its open stream, that was signed out at another instance', async () => {
  const { key } = await api.newKey(local, { scopes: ['deliveries:read'] });
  const page = await aBrowserPage();
  await signInAt(page, { ...local, admin_key: key }, '/deliveries');
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).waitFor();
  await page.evaluate(`void (async () => {
    const response = await fetch('/v1/webhooks/stream');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    window.streamed = (await reader.read()).value;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      window.streamed += value;
    }
    window.hasEnded = true;
  })()`);
  await expect.poll(async () => page.evaluate<string>('window.streamed')).toContain('ready');
  await new Caller(local.url, key).call('POST', '/webhooks/identity/sign-out', { ends: 'all' });
  await expect.poll(async () => page.evaluate<boolean>('window.hasEnded'), { timeout: 10_000 }).toBe(true);
  expect(await page.evaluate<string>('window.streamed')).toContain('"reason":"revoked"');
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('The session has ended.').waitFor();
  // The key itself is as good as before.
  await page.getByLabel('API key').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).waitFor();
});

it('works in a frame of another site, as the example embeds it, without a cookie', async () => {
  const page = await aBrowserPage();
  await page.goto(exampleUrl);
  const portal = page.frameLocator('iframe');
  await portal.getByRole('heading', { name: 'What fails now' }).waitFor();
  await portal.getByRole('link', { name: 'order.paid' }).first().click();
  await portal.getByRole('heading', { name: 'Attempts', exact: true }).waitFor();
  expect(await page.context().cookies()).toEqual([]);
  await picture(page, 'portal-embedded');
  await portal.getByRole('button', { name: 'Account' }).click();
  await portal.getByRole('button', { name: 'Sign out', exact: true }).click();
  await portal.getByText('You have signed out.').waitFor();
  await portal.getByRole('button', { name: 'Open again' }).click();
  await portal.getByRole('heading', { name: 'Attempts', exact: true }).waitFor();
});

it('asks the page around it for another token in time, and says when none came', async () => {
  const tokens = [await aLink({ expires_in_seconds: 4 }), await aLink({ expires_in_seconds: 5 })];
  const page = await aBrowserPage();
  await page.goto(
    await aParent(
      tokens.map(({ token }) => token),
      'localhost',
    ),
  );
  const portal = page.frameLocator('iframe');
  await portal.getByRole('heading', { name: 'What fails now' }).waitFor();
  await portal.getByText('The session has ended.').waitFor();
  expect((await messagesIn(page)).slice(0, 2)).toEqual([
    'tidings-portal:ready',
    'tidings-portal:token-expiring',
  ]);
  expect((await messagesIn(page)).at(-1)).toBe('tidings-portal:token-expired');
});

it('takes no token from a page that the installation or the workspace does not list', async () => {
  const { token } = await aLink();
  const refused = await aBrowserPage();
  await refused.goto(await aParent([token], '127.0.0.1'));
  await expect.poll(() => refused.faults.join()).toContain('frame-ancestors');
  refused.faults.length = 0;
  expect(await messagesIn(refused)).toEqual([]);
  const set = async (origins: readonly string[]) =>
    api.call('PATCH', `/webhooks/workspaces/${local.workspace_id}`, { portal: { origins } });
  await set(['https://app.example.com']);
  onTestFinished(async () => void (await set([])));
  const page = await aBrowserPage();
  const parent = await aParent([token], 'localhost');
  await page.goto(parent);
  const portal = page.frameLocator('iframe');
  await portal.getByText(`Pages of ${new URL(parent).origin} may not open this portal.`).waitFor();
  expect(await portal.getByRole('link').count()).toBe(0);
});

/** Opens an address in the open page, as somebody who pastes it does: only the fragment changes. */
const paste = async (page: Page, url: string) => page.evaluate(`location.href = ${JSON.stringify(url)}`);

it('asks before a link replaces the session of another consumer, also a link that is pasted', async () => {
  const [own, other] = [await aLink(), await aLink({ consumer_id: 'globex' })];
  const page = await aBrowserPage();
  await page.goto(own.url);
  await page.getByText('order.paid').first().waitFor();
  await paste(page, other.url);
  await page.getByText('You are signed in as acme').waitFor();
  await page.getByText('The link signs you in as globex').waitFor();
  expect(page.url()).toBe(`${local.url}/portal`);
  await expectAccessibleInBothSchemes(page);
  await page.getByRole('button', { name: 'Stay' }).click();
  await page.reload();
  await page.getByText('order.paid').first().waitFor();
  // As a link on another page opens it.
  await page.goto('about:blank');
  await page.goto(other.url);
  await page.getByRole('button', { name: 'Open the link' }).click();
  await page.getByText('invoice.sent').first().waitFor();
  expect(await page.getByText('order.paid').count()).toBe(0);
  await page.goBack();
  expect(page.url()).not.toContain('token');
});

it('opens a link that is pasted after the session has ended, with what was typed', async () => {
  const page = await aBrowserPage();
  const first = await aLink({ expires_in_seconds: 12, path: '/subscriptions/new' });
  await page.goto(first.url);
  const typed = page.getByLabel('Description');
  await typed.fill('Half of a form');
  await page.getByText('The session has ended.').waitFor({ timeout: 30_000 });
  await paste(page, (await aLink({ path: '/subscriptions/new' })).url);
  await expect.poll(async () => typed.inputValue()).toBe('Half of a form');
  expect(page.url()).toBe(`${local.url}/portal/subscriptions/new`);
});

it('says that a link has ended, and opens no other session in its place', async () => {
  const [own, ended] = [await aLink(), await aLink({ consumer_id: 'globex' })];
  await new Caller(local.url, ended.token).call('POST', '/webhooks/identity/sign-out', { ends: 'token' });
  const page = await aBrowserPage();
  await page.goto(own.url);
  await page.getByText('order.paid').first().waitFor();
  await page.goto('about:blank');
  await page.goto(ended.url);
  await page.getByText('The link has ended.').waitFor();
  expect(await page.getByText('order.paid').count()).toBe(0);
});

it('checks a token that is handed over before it replaces the one in use', async () => {
  const [own, other] = [await aLink(), await aLink({ consumer_id: 'globex' })];
  const page = await aBrowserPage();
  await page.goto(await aParent([own.token], 'localhost'));
  const portal = page.frameLocator('iframe');
  await portal.getByText('order.paid').first().waitFor();
  const handOver = async (token: string) =>
    page.evaluate(
      `frames[0].postMessage({ type: 'tidings-portal:token', token: '${token}' }, '${local.url}')`,
    );
  await handOver(`${own.token}x`);
  await portal.getByRole('status').getByRole('button', { name: 'Close' }).click();
  await portal.getByRole('link', { name: 'order.paid' }).first().click();
  await portal.getByRole('heading', { name: 'Attempts', exact: true }).waitFor();
  await handOver(other.token);
  await portal.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  expect(await messagesIn(page)).toEqual(['tidings-portal:ready']);
});

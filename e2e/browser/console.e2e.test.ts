import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  aBrowserPage,
  expectAccessible,
  expectAccessibleInBothSchemes,
  picture,
  signInAt,
  withBrowser,
} from '../harness/browser.ts';
import { Caller } from '../harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from '../harness/shared-tidings.ts';
import type { LocalStack } from '../harness/tidings.ts';

withBrowser();

const script = '<script>document.title="taken"</script><img src=x onerror="document.title=1">';
const reversed = '\u202egnp.exe';
const line = 'x'.repeat(250 * 1_024);

let local: LocalStack;
let api: Caller;
let endpoint: Readonly<{ url: string; close: () => void }>;
let isHealthy = false;

beforeAll(async () => {
  const shared = await sharedTidings();
  local = await inOwnWorkspace(shared, `ws_browser_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  endpoint = await startEndpoint();
  await api.call('POST', '/webhooks/subscriptions', {
    endpoint_url: endpoint.url,
    events: ['order.*'],
    retry_schedule: [0, 86_400],
    consumer_id: 'acme',
    send_test: false,
  });
  for (const data of [{ note: reversed, html: script }, { line }])
    await api.call('POST', '/events', { type: 'order.paid', data });
  await api.list('/webhooks/deliveries?status=retrying', 2);
});
afterAll(() => endpoint.close());

/** Starts an endpoint that fails with hostile content until `isHealthy`. */
async function startEndpoint(): Promise<typeof endpoint> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (isHealthy) return response.writeHead(204).end();
      return response
        .writeHead(500, { 'content-type': 'text/html', 'x-note': script })
        .end(`${script} ${reversed}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

it('signs in with a key, which neither scripts nor the address can see, and signs out', async () => {
  const page = await aBrowserPage();
  await page.goto(`${local.url}/deliveries?status=failed`);
  await page.getByLabel('API key').fill('tdk_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('not known, has expired or was revoked').waitFor();
  await expectAccessible(page);
  await picture(page, 'sign-in');
  await page.getByLabel('API key').fill(local.admin_key);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'No delivery matches the filters' }).waitFor();
  const visible = await page.evaluate<string>(
    "[location.href, document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join(' ')",
  );
  expect(visible).not.toContain(local.admin_key);
  expect(visible).not.toContain('tidings-operator');
  await page.reload();
  await page.getByRole('heading', { name: 'No delivery matches the filters' }).waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByText(local.workspace_id, { exact: true }).last().waitFor();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByLabel('API key').waitFor();
  await page.reload();
  await page.getByLabel('API key').waitFor();
});

it('asks to sign in again when the session has ended, and continues where it was', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries?status=retrying');
  const rows = page.getByRole('table').getByRole('link', { name: 'order.paid' });
  await rows.first().waitFor();
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('The session has ended.').waitFor();
  await page.getByLabel('API key').fill(local.admin_key);
  await page.keyboard.press('Enter');
  await rows.first().waitFor();
  expect(page.url()).toBe(`${local.url}/deliveries?status=retrying`);
});

it('finds a failed delivery by the keyboard alone, shows why it failed, and sends it again', async () => {
  const page = await aBrowserPage({ locale: 'en-GB' });
  await signInAt(page, local, '/deliveries');
  const filter = page.getByLabel('Event type');
  await filter.focus();
  await page.keyboard.type('order.*');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.url()).toContain('event_type=order.*');
  const row = page.getByRole('table').getByRole('link', { name: 'order.paid' }).last();
  await row.focus();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'deliveries');
  await page.keyboard.press('Enter');
  await page.getByText('The endpoint answered 500, which is no success.').first().waitFor();
  await page.getByText('DNS').waitFor();
  // What the endpoint sent is text.
  await page.getByText(script).first().waitFor();
  await page.getByText('⟦U+202E⟧gnp.exe').first().waitFor();
  await page.getByRole('tab', { name: 'Response' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tabpanel').getByText('webhook-signature').waitFor();
  await page.getByRole('tabpanel').getByText(JSON.stringify(script)).waitFor();
  expect(await page.title()).toBe('order.paid · Tidings');
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'delivery');
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  const curl = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(curl).toContain(`curl -sS -i -X POST '${endpoint.url}'`);
  isHealthy = true;
  await page.getByRole('button', { name: 'Resend' }).focus();
  await page.keyboard.press('Enter');
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).press('Enter');
  await page.getByText('It is being sent again.').waitFor();
  await page.getByText('Delivered', { exact: true }).waitFor();
});

it('leads from an event to its data, its deliveries and back', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/events?type=order.*');
  const row = page.getByRole('table').getByRole('link', { name: 'order.paid' }).last();
  await row.waitFor();
  await expectAccessible(page);
  await picture(page, 'events');
  await row.click();
  await page.getByRole('region', { name: 'Data' }).getByText(JSON.stringify(script)).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'event');
  await page.getByRole('region', { name: 'Where it went' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Attempts' }).waitFor();
  await page.getByRole('link', { name: 'order.paid' }).click();
  await page.getByRole('heading', { name: 'Where it went' }).waitFor();
});

it('folds a line of 250 KB', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).first().click();
  await page.getByRole('tab', { name: 'Request' }).click();
  const data = page.getByRole('group', { name: 'Event data' });
  expect(((await data.textContent()) ?? '').length).toBeLessThan(5_000);
  await page.getByRole('button', { name: /Show all 256,\d{3} characters/ }).click();
  expect(((await data.textContent()) ?? '').length).toBeGreaterThan(256_000);
});

it('shows the overview with figures and the pipeline to an operator of the installation', async () => {
  const shared = await sharedTidings();
  const page = await aBrowserPage();
  await signInAt(page, shared, '/');
  await page.getByRole('heading', { name: 'Lag by hop' }).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'overview');
});

it('says that a key may not see a page, that an address is wrong, and that a delivery is not there', async () => {
  const { key } = await api.newKey(local, { scopes: ['events:write'] });
  const page = await aBrowserPage();
  await signInAt(page, { ...local, admin_key: key }, '/deliveries');
  await page.getByRole('heading', { name: 'Your key may not see this' }).waitFor();
  await expectAccessible(page);
  await page.goto(`${local.url}/nothing-here`);
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  const other = await aBrowserPage();
  await signInAt(other, local, '/deliveries/dlv_00000000000000000000000000000000');
  await other.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  await expectAccessible(other);
});

it('keeps what it shows, and says so, while the console does not answer', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  await page.getByRole('table').getByRole('link').first().waitFor();
  await page.context().setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await page.getByRole('table').getByRole('link').first().waitFor();
  await page.context().setOffline(false);
  await page.getByText('You are offline.').waitFor({ state: 'detached' });
});

type Chunk = Readonly<{ file: string; imports?: readonly string[]; css?: readonly string[] }>;

it.each([
  ['index.html', 250],
  ['portal.html', 200],
])('loads %s with at most %i KB, gzip', (entry, kilobytes) => {
  const dist = fileURLToPath(new URL('../../services/console/web/dist/', import.meta.url));
  const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>;
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = manifest[name];
    if (chunk === undefined || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  visit(entry);
  const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file))).length, 0);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThanOrEqual(kilobytes * 1_024);
});

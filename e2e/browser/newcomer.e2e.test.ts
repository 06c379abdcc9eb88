import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aBrowserPage, expectAccessible, picture, signInAt, withBrowser } from '../harness/browser.ts';
import { Caller } from '../harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from '../harness/shared-tidings.ts';
import type { LocalStack } from '../harness/tidings.ts';

withBrowser();

const narrow = { width: 390, height: 844 };
const server = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(204).end());
});

let local: LocalStack;
let url: string;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_newcomer_${Date.now()}`);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const api = new Caller(local.url, local.admin_key);
  await api.call('POST', '/webhooks/subscriptions', {
    ...{ endpoint_url: url, events: ['order.*'], consumer_id: 'acme', send_test: false },
  });
  for (const number of [1, 2, 3]) await api.call('POST', '/events', { type: 'order.paid', data: { number } });
  await api.list('/webhooks/deliveries?status=delivered', 3);
});
afterAll(() => server.close());

it('measures the rows of a list anew when the window has become narrow', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  const links = page.getByRole('table').getByRole('link', { name: 'order.paid' });
  await links.first().waitFor();
  await picture(page, 'newcomer-list');
  await page.setViewportSize(narrow);
  const overlap = async () =>
    page.evaluate<number>(`(() => {
      const rows = [...document.querySelectorAll('[role=row][aria-rowindex]')].slice(1);
      const places = rows.map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top);
      return Math.max(...places.slice(1).map(({ top }, at) => places[at].bottom - top));
    })()`);
  await expect.poll(overlap).toBeLessThan(1);
});

it('shows all of the account menu', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  for (const viewport of [{ width: 1280, height: 800 }, narrow]) {
    await page.setViewportSize(viewport);
    const menu = page.getByRole('button', { name: 'Account' });
    await menu.click();
    const panel = await page.getByRole('region', { name: 'Account' }).boundingBox();
    const dark = await page.locator('label', { hasText: 'Dark' }).boundingBox();
    await page.screenshot({ path: `${process.env['PICTURES'] ?? '/tmp'}/menu-${viewport.width}.png` });
    expect((dark?.x ?? 0) + (dark?.width ?? 0)).toBeLessThan((panel?.x ?? 0) + (panel?.width ?? 0));
    await menu.click();
  }
});

it('shows the attempt of a delivered delivery that is sent again, and links what it names', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).first().click();
  await page.getByRole('button', { name: 'Copy as curl' }).click();
  await page.getByText('The signature is masked').waitFor();
  await page.getByRole('link', { name: url }).waitFor();
  await page.getByRole('link', { name: /^evt_/ }).waitFor();
  await page.getByRole('button', { name: 'Resend' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).click();
  await page.getByText('Resent by hand').waitFor();
  await expectAccessible(page);
  await picture(page, 'newcomer-delivery');
  await page.getByRole('link', { name: /^sub_/ }).click();
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog', { name: 'Disable the subscription?' }).waitFor();
});

it('makes a link to the portal of a consumer, and shows it once', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/consumers/acme');
  await page.getByRole('button', { name: 'Create portal link' }).click();
  await page.getByRole('button', { name: 'Create link' }).click();
  const link = page.getByRole('dialog').getByRole('link', { name: 'Open portal' });
  expect(await link.getAttribute('href')).toContain('/portal');
  await expectAccessible(page);
  await picture(page, 'newcomer-portal-link');
});

it('shows the secret of a new subscription from the top of the page', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/subscriptions/new');
  await page.getByLabel('URL').fill(url);
  await page.getByRole('searchbox').fill('invoice.sent');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove: invoice.sent' }).waitFor();
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  await page.getByRole('button', { name: 'Create subscription' }).click();
  await page.getByRole('heading', { name: 'The subscription is created' }).waitFor();
  await expect.poll(() => page.evaluate<number>('scrollY')).toBe(0);
});

/** Makes a link that signs in with a key, as `npm start` does for the one that it prints. */
async function signInLink({ url: consoleUrl, admin_key }: LocalStack): Promise<string> {
  const operators = new URL(consoleUrl);
  // The page for operators is at the eighth port of a stack.
  operators.port = String(Number(operators.port) + 7);
  const response = await fetch(new URL('/sign-in-links', operators), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: admin_key }),
  });
  return consoleUrl + ((await response.json()) as Readonly<{ path: string }>).path;
}

it('asks before the link of a start replaces the session of another workspace', async () => {
  const other = await sharedTidings();
  const link = await signInLink(other);
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  const workspace = page.getByRole('banner').getByText(/^ws_/);
  const follow = async () => {
    await page.goto('about:blank');
    await page.goto(link);
  };
  await follow();
  const dialog = page.getByRole('dialog', { name: 'Sign in to another workspace?' });
  await dialog.getByText(`You are signed in to the workspace ${local.workspace_id}.`).waitFor();
  await dialog.getByText(`The link signs you in to the workspace ${other.workspace_id}.`).waitFor();
  expect(page.url()).toBe(`${local.url}/`);
  await expectAccessible(page);
  await picture(page, 'newcomer-link');
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await page.reload();
  await expect.poll(async () => workspace.textContent()).toBe(local.workspace_id);
  // A link that was not followed works still.
  await follow();
  await dialog.getByRole('button', { name: 'Open the link' }).click();
  await expect.poll(async () => workspace.textContent()).toBe(other.workspace_id);
  // One that was followed in this browser keeps the session.
  await follow();
  await expect.poll(async () => workspace.textContent()).toBe(other.workspace_id);
});

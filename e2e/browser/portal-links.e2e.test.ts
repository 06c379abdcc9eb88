import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { aBrowserPage, expectAccessibleInBothSchemes, withBrowser } from '../harness/browser.ts';
import { Caller } from '../harness/caller.ts';
import { type PortalParties, portalParties } from '../harness/portal.ts';

withBrowser();

let parties: PortalParties;

beforeAll(async () => {
  parties = await portalParties(`ws_links_${Date.now()}`);
}, 120_000);
afterAll(async () => parties.close());

const messagesIn = async (page: Page) => page.evaluate<string[]>('window.messages');

it('asks the page around it for another token in time, and says when none came', async () => {
  const { aLink, aParent } = parties;
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
  const { local, api, aLink, aParent } = parties;
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
  const { local, aLink } = parties;
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
  const { local, aLink } = parties;
  const page = await aBrowserPage();
  const first = await aLink({ expires_in_seconds: 60, path: '/subscriptions/new' });
  await page.clock.install();
  await page.goto(first.url);
  const typed = page.getByLabel('Description');
  await typed.fill('Half of a form');
  await new Caller(local.url, first.token).call('POST', '/webhooks/identity/sign-out', { ends: 'token' });
  await page.clock.fastForward(61_000);
  await page.getByText('The session has ended.').waitFor();
  await paste(page, (await aLink({ expires_in_seconds: 600, path: '/subscriptions/new' })).url);
  await expect.poll(async () => typed.inputValue()).toBe('Half of a form');
  expect(page.url()).toBe(`${local.url}/portal/subscriptions/new`);
});

it('says that a link has ended, and opens no other session in its place', async () => {
  const { local, aLink } = parties;
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
  const { local, aLink, aParent } = parties;
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

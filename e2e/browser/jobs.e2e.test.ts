import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
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

let local: LocalStack;
let api: Caller;
let endpoint: Readonly<{ url: string; close: () => void }>;
let isHealthy = false;

/** Starts an endpoint that answers 500 until `isHealthy`. */
async function startEndpoint(): Promise<typeof endpoint> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(isHealthy ? 204 : 500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

const subscribe = async (events: string, more: object) =>
  api.call('POST', '/webhooks/subscriptions', {
    ...{ endpoint_url: endpoint.url, events: [events], send_test: false },
    ...more,
  });

const publish = async (type: string, data: object = {}) => api.call('POST', '/events', { type, data });

/** Checks a page in both colour schemes, and makes its pictures. */
async function examine(page: Page, name: string): Promise<void> {
  await expectAccessibleInBothSchemes(page);
  await picture(page, name);
}

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_jobs_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  endpoint = await startEndpoint();
  await subscribe('order.*', { retry_schedule: [0], consumer_id: 'acme' });
  await subscribe('late.*', { retry_schedule: [0, 86_400], consumer_id: 'globex' });
  for (const data of [{ html: script }, { n: 2 }, { n: 3 }]) await publish('order.paid', data);
  await publish('late.sent');
  await api.list('/webhooks/dead-letters', 3);
  await api.list('/webhooks/deliveries?status=retrying', 1);
});
afterAll(() => endpoint.close());

it('says what has not been delivered and why, gives up one dead letter, and redrives the others by a job', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/undelivered');
  await page.getByText('4 deliveries to 2 subscriptions.').waitFor();
  await page.getByText('The next attempt follows by the retry schedule.', { exact: true }).waitFor();
  const group = page.getByRole('article', { name: endpoint.url }).filter({ hasText: 'Dead-lettered' });
  await group.getByText('All attempts of the retry schedule have been made.', { exact: true }).waitFor();
  await examine(page, 'undelivered');
  await group.getByRole('link', { name: 'Show them' }).click();
  const rows = page.getByRole('table').getByRole('link', { name: 'order.paid' });
  await expect.poll(async () => rows.count()).toBe(3);
  await examine(page, 'dead-letters');
  await rows.last().click();
  await page.getByText(JSON.stringify(script)).waitFor();
  await examine(page, 'dead-letter');
  await page.getByRole('button', { name: 'Discard' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await dialog.getByText('Say why.').waitFor();
  await dialog.getByLabel('Reason').fill('sent by mail');
  await dialog.getByRole('button', { name: 'Discard' }).press('Enter');
  await page.getByText('sent by mail').waitFor();
  isHealthy = true;
  await page.getByRole('link', { name: 'All dead letters' }).click();
  await page.getByRole('button', { name: 'Redrive all' }).click();
  await page.getByText('2 dead letters wait and would be sent.').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Redrive 2 dead letters' }).click();
  await page.getByRole('heading', { name: 'Redrive of dead letters' }).waitFor();
  await page.getByText('Done', { exact: true }).waitFor();
  await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
  await page.getByText('2 of 2').waitFor();
  const motion = "getComputedStyle(document.querySelector('[role=progressbar] *')).transitionDuration";
  expect(await page.evaluate(motion)).toBe('0s');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await page.evaluate(motion)).toBe('0.3s');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await examine(page, 'job');
  await page.getByRole('link', { name: 'All jobs' }).click();
  await page.getByRole('table').getByRole('link', { name: 'Redrive of dead letters' }).waitFor();
  await examine(page, 'jobs');
});

it('retries what a filter finds, after counting it', async () => {
  isHealthy = true;
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries');
  await page.getByRole('table').getByRole('link').first().waitFor();
  expect(await page.getByRole('button', { name: 'Retry all' }).isDisabled()).toBe(true);
  await page.goto(`${local.url}/deliveries?event_type=late.*`);
  await page.getByRole('button', { name: 'Retry all' }).click();
  await page.getByText('1 delivery matches the filters.').waitFor();
  await page.getByRole('button', { name: 'Retry 1 delivery' }).click();
  await page.getByRole('heading', { name: 'Retry of deliveries' }).waitFor();
  await page.getByText('1 of 1').waitFor();
});

it('writes an export of what a list shows, whose file can be downloaded', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/deliveries?event_type=late.*');
  await page.getByRole('link', { name: 'Export …' }).click();
  await page.getByRole('button', { name: 'Start export' }).waitFor();
  await examine(page, 'export-form');
  await page.getByRole('button', { name: 'Start export' }).click();
  await page.getByText('Ready', { exact: true }).waitFor();
  await examine(page, 'exports');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  expect((await saved).suggestedFilename()).toMatch(/\.csv$/);
});

it('erases an event after its id was typed, and then neither shows its data nor sends it', async () => {
  const { id } = await publish('order.paid', { name: 'to be forgotten' });
  const [delivery] = await api.list(`/webhooks/deliveries?event_id=${id}&status=delivered`, 1);
  const page = await aBrowserPage();
  await signInAt(page, local, `/events/${id}`);
  await page.getByText('to be forgotten').waitFor();
  await page.getByRole('link', { name: 'Erase data' }).click();
  await page.getByLabel('Reason').fill('request 4711');
  await examine(page, 'erasures');
  await page.getByRole('button', { name: 'Erase' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Confirmation').fill('evt_other');
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await dialog.getByText('The text differs.').waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('Confirmation').fill(id);
  await dialog.getByRole('button', { name: 'Erase for good' }).click();
  await page.getByText('Done', { exact: true }).waitFor();
  await page.goto(`${local.url}/deliveries/${delivery?.id}`);
  await page.getByText('Headers and bodies of this attempt were erased on request.').waitFor();
  expect(await page.getByRole('button', { name: 'Resend' }).count()).toBe(0);
  await examine(page, 'delivery-erased');
  await page.goto(`${local.url}/events/${id}`);
  await page.getByText('The data was erased on request.').waitFor();
  expect(await page.getByRole('link', { name: 'Erase data' }).count()).toBe(0);
});

it('follows what happens, over an interruption and the end of the session, and holds still while it is paused', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/tail?kinds=event');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('Nothing has happened yet').waitFor();
  const rows = page.getByRole('table').getByRole('link');
  await publish('order.paid');
  await rows.filter({ hasText: 'order.paid' }).waitFor();
  await examine(page, 'live');
  await page.getByRole('button', { name: 'Pause' }).click();
  await publish('order.held');
  await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
  expect(await rows.count()).toBe(1);
  await page.getByRole('button', { name: 'Show 1 new' }).click();
  await rows.filter({ hasText: 'order.held' }).waitFor();
  await page.context().setOffline(true);
  await page.getByText('Interrupted: it goes on by itself').waitFor();
  await publish('order.missed');
  await page.context().setOffline(false);
  await rows.filter({ hasText: 'order.missed' }).waitFor();
  // The session ends while the stream is interrupted.
  await page.context().setOffline(true);
  await page.getByText('Interrupted: it goes on by itself').waitFor();
  await page.context().clearCookies();
  await page.context().setOffline(false);
  await page.getByText('The session has ended.').waitFor();
  await publish('order.between');
  await page.getByLabel('API key').fill(local.admin_key);
  await page.keyboard.press('Enter');
  await rows.filter({ hasText: 'order.between' }).waitFor();
  expect(await rows.filter({ hasText: 'order.missed' }).count()).toBe(0);
});

it('lets a partner replay what its endpoints have missed and follow live, and shows it nothing else', async () => {
  isHealthy = false;
  await publish('order.lost');
  await publish('late.lost');
  await api.list('/webhooks/dead-letters?event_type=order.lost&state=waiting', 1);
  isHealthy = true;
  const token = await api.newToken(local, { consumer_id: 'acme' });
  const page = await aBrowserPage();
  await page.goto(`${local.url}/portal/replays#token=${token}`);
  await page.getByRole('button', { name: 'Count first' }).waitFor();
  const links = page.getByRole('navigation').getByRole('link');
  for (const name of ['Jobs', 'Dead letters', 'Undelivered', 'Exports', 'Erasure'])
    expect(await links.filter({ hasText: name }).count()).toBe(0);
  expect(await page.getByText('Every subscription').count()).toBe(0);
  await page.getByLabel('Event types').fill('order.lost, late.lost');
  await examine(page, 'portal-replay');
  await page.getByRole('button', { name: 'Count first' }).click();
  await page.getByText('1 webhook would be sent.').waitFor();
  await examine(page, 'portal-replay-counted');
  await page.getByRole('button', { name: 'Send 1 webhook' }).click();
  await page.getByText('Done', { exact: true }).waitFor();
  await api.list('/webhooks/deliveries?event_type=order.lost&status=delivered', 1);
  await page.getByRole('link', { name: 'Live tail' }).click();
  await page.getByText('Nothing has happened yet').waitFor();
  await publish('late.sent');
  await publish('order.paid');
  const own = page.getByRole('table').getByRole('link', { name: 'order.paid' });
  await own.first().waitFor();
  await expectAccessible(page);
  expect(await page.getByRole('table').getByRole('link', { name: 'late.sent' }).count()).toBe(0);
  await own.first().click();
  await page.getByRole('heading', { name: 'Attempts' }).waitFor();
});

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  aBrowserPage,
  expectAccessibleInBothSchemes,
  picture,
  signInAt,
  withBrowser,
} from '../harness/browser.ts';
import { Caller } from '../harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from '../harness/shared-tidings.ts';
import type { LocalStack } from '../harness/tidings.ts';

withBrowser();

const script = '<img src=x onerror="document.title=1">\u202e';
const schema = {
  type: 'object',
  properties: {
    order_id: { type: 'string', description: script },
    total: { type: 'number', minimum: 0 },
    currency: { enum: ['EUR', 'USD'] },
  },
  required: ['order_id', 'total'],
};
const example = { order_id: 'ord_7', total: 700, currency: 'EUR' };

let local: LocalStack;
let api: Caller;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_catalogue_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  await api.call('POST', '/webhooks/event-types', {
    ...{ name: 'order.paid', group: 'orders', description: `An order was paid. ${script}`, schema, example },
  });
  await api.call('POST', '/webhooks/event-types', { name: 'order.planned', state: 'draft' });
  await api.call('POST', '/events', { type: 'order.paid', data: { ...example, total: 1_500 } });
  await api.list('/webhooks/events', 1);
});

/** Writes pictures of a page, and expects that it is accessible in both colour schemes. */
async function expectGood(page: Page, name: string): Promise<void> {
  await expectAccessibleInBothSchemes(page);
  await picture(page, name);
}

it('registers a type by the keyboard, adds a schema that can break receivers only when told to, and compares', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/event-types');
  await page.getByRole('link', { name: 'New event type' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Name').fill('refund.issued');
  const draft = page.getByRole('textbox', { name: 'Schema', exact: true });
  await draft.fill('{\n  "type": "object",\n  "properties": {"total": {"type": "numbr"}},\n}');
  await page.getByText('column 45: nothing follows this comma: remove it').waitFor();
  await draft.fill('{\n  "type": "object",\n  "properties": {"total": {"type": "numbr"}}\n}');
  await page.getByRole('button', { name: 'Register event type' }).click();
  // The line that the API's pointer leads to.
  await page.getByRole('button', { name: 'Line 3' }).waitFor();
  await expectGood(page, 'event-type-new');
  await draft.fill(JSON.stringify({ type: 'object', properties: { total: { type: 'number' } } }));
  await page.getByLabel('Example', { exact: true }).fill('{"total": 1}');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Register event type' }).press('Enter');
  await page.getByRole('heading', { name: 'refund.issued' }).waitFor();
  await page.getByRole('link', { name: 'Add schema' }).click();
  await page
    .getByRole('textbox', { name: 'Schema', exact: true })
    .fill(JSON.stringify({ type: 'object', properties: { total: { type: ['number', 'null'] } } }, null, 2));
  await page.getByRole('button', { name: 'Add schema' }).click();
  // At its line, and by its field in the message.
  await page.getByText('now permits null').first().waitFor();
  await page.getByRole('listitem').filter({ hasText: 'total: ' }).waitFor();
  await expectGood(page, 'schema-conflict');
  await page.getByLabel('Use it although receivers may break').check();
  await page.getByRole('button', { name: 'Add schema' }).click();
  await page.getByLabel('Compare with').selectOption('1');
  await page
    .getByRole('row', { name: 'total Changed Before number After number | null' })
    .or(page.getByRole('row', { name: 'total Changed number number | null' }))
    .waitFor();
  await expectGood(page, 'schema-diff');
  await page.getByRole('button', { name: 'Archive' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Archive' }).click();
  await page.getByRole('button', { name: 'Restore' }).waitFor();
});

it('checks data, publishes a test event, and shows what is said of foreign text as text', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/event-types/order.paid');
  await page.getByText('<img src=x onerror="document.title=1">⟦U+202E⟧').first().waitFor();
  await page.getByText('Check data against a schema').click();
  await page.getByLabel('Data', { exact: true }).fill('{\n  "order_id": 7,\n  "total": 1\n}');
  await page.getByRole('button', { name: 'Check against version 1' }).click();
  await page.getByText('must be a string, got 7').waitFor();
  await expectGood(page, 'event-type');
  await page.getByRole('button', { name: 'Publish a test event' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Data', { exact: true }).fill('{"order_id": "ord_8"}');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await dialog.getByText("is missing: set 'total'").waitFor();
  await dialog.getByLabel('Data', { exact: true }).fill('{"order_id": "ord_8", "total": 2}');
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click();
  await dialog.getByRole('link', { name: 'See where it goes' }).click();
  await page.getByRole('heading', { name: 'Where it went' }).waitFor();
});

it('tests a filter against examples and events, and marks the condition that does not hold', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/event-types/order.paid');
  const editor = page.getByLabel('Filter', { exact: true });
  await editor.fill('{\n  "currency": "EUR",\n  "total": {"$gte": 1000},\n  "tier": {"$exists": false}\n}');
  await page.getByRole('button', { name: 'Test the filter' }).click();
  const results = page.getByRole('region', { name: 'Results' });
  await results
    .getByText('must be at least 1000, got 700')
    .or(results.getByText('must be at least 1000, got 2'))
    .waitFor();
  await results.getByText('total $gte').waitFor();
  await results.getByRole('button', { name: 'Matches' }).waitFor();
  // The schema has no such field.
  await page.getByRole('button', { name: 'Line 4' }).waitFor();
  await expectGood(page, 'filter-editor');
  await editor.fill('{"total": {"$above": 1}}');
  await page.getByRole('button', { name: 'Test the filter' }).click();
  await page.getByText("'$above'").waitFor();
  expect(await results.count()).toBe(0);
});

it('imports what it has exported, after a look at what that would do', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/event-types');
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'OpenAPI 3.1' }).click(),
  ]);
  await page.getByRole('link', { name: 'Import' }).click();
  await page.getByLabel('Document').setInputFiles(await download.path());
  await page.getByRole('button', { name: 'Check first' }).click();
  await page.getByText('Nothing has changed yet.').waitFor();
  await page.getByRole('row', { name: 'order.paid Unchanged' }).waitFor();
  await expectGood(page, 'event-types-import');
});

it('shows a partner what it can subscribe to, and nothing to change', async () => {
  const token = await api.newToken(local, {
    consumer_id: 'acme',
    scopes: ['subscriptions:read', 'deliveries:read'],
  });
  const page = await aBrowserPage();
  await page.goto(`${local.url}/portal/event-types#token=${token}`);
  await page.getByRole('link', { name: 'order.paid' }).waitFor();
  expect(await page.getByText('order.planned').count()).toBe(0);
  await expectGood(page, 'portal-event-types');
  await page.getByRole('link', { name: 'order.paid' }).click();
  await page.getByRole('heading', { name: 'Example' }).waitFor();
  await expectGood(page, 'portal-event-type');
  for (const name of ['Edit', 'Add schema', 'Archive', 'Publish a test event', 'New event type', 'Import']) {
    expect(await page.getByText(name, { exact: true }).count(), name).toBe(0);
  }
  await page.goto(`${local.url}/portal/event-types/order.paid/edit`);
  await page.getByText('Your key may not see this').waitFor();
  await page.goto(`${local.url}/portal/event-types/order.planned`);
  await page.getByText('Nothing is here').waitFor();
});

/** Starts what `npm start` runs as demo inbox: one address that works, and one that fails. */
async function startInbox(): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    request.resume().on('end', () => response.writeHead(request.url === '/webhooks' ? 204 : 503).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`;
}

it('leads a newcomer through publishing, a failure, its retry, and a replay, and steps aside', async () => {
  await api.call('POST', '/webhooks/subscriptions', {
    endpoint_url: await startInbox(),
    events: ['demo.*'],
    retry_schedule: [1, 86_400],
    send_test: false,
  });
  const page = await aBrowserPage();
  await signInAt(page, local);
  const steps = page.getByRole('region', { name: 'First steps' });
  await steps.getByRole('button', { name: 'Publish demo.hello' }).waitFor();
  await expectGood(page, 'first-steps');
  await steps.getByRole('button', { name: 'Publish demo.hello' }).click();
  await steps.getByText('The endpoint has accepted it.').waitFor();
  await steps.getByRole('button', { name: 'Break it and publish' }).click();
  await steps.getByText('answered 503.').waitFor();
  await steps.getByRole('button', { name: 'Fix it' }).click();
  // The browser remembers where somebody was.
  await page.reload();
  await steps.getByRole('button', { name: 'Replay' }).click();
  await steps.getByText('That was the whole circle').waitFor();
  await expectGood(page, 'first-steps-done');
  await steps.getByRole('button', { name: 'Put aside' }).click();
  await page.reload();
  await page.getByRole('button', { name: 'First steps' }).waitFor();
  expect(await steps.count()).toBe(0);
});

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
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

type Received = Readonly<{ headers: IncomingHttpHeaders; body: Buffer }>;
type Stored = Readonly<{
  id: string;
  endpoint_url: string;
  description: string | null;
  timeout_seconds: number;
  secret_headers: object;
  secrets: readonly unknown[];
  state: string;
}>;

const hostile = '<img src=x onerror="document.title=1">\u202egnp';
const received: Received[] = [];
let local: LocalStack;
let api: Caller;
let endpoint: Readonly<{ url: string; close: () => void }>;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_subscriptions_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  endpoint = await startEndpoint();
  for (const name of ['order.paid', 'order.refunded', 'user.created'])
    await api.call('POST', '/webhooks/event-types', { name, description: `${name} ${hostile}` });
});
afterAll(() => endpoint.close());

/** Starts an endpoint that keeps what it receives, and fails below `/failing`. */
async function startEndpoint(): Promise<typeof endpoint> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      const isFailing = request.url?.startsWith('/failing') === true;
      response.writeHead(isFailing ? 500 : 200, { 'x-note': '<script>' }).end(hostile);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

const aSubscription = async (body: object): Promise<Stored> =>
  api.call<Stored>('POST', '/webhooks/subscriptions', {
    endpoint_url: endpoint.url,
    events: ['order.*'],
    send_test: false,
    ...body,
  });
const stored = async ({ id }: Pick<Stored, 'id'>): Promise<Stored> =>
  api.call<Stored>('GET', `/webhooks/subscriptions/${id}`);

it('creates a subscription, shows its secret once with code, and shows the request and response of a test', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/subscriptions');
  await page.getByRole('heading', { name: 'No subscriptions yet' }).waitFor();
  await page.getByRole('link', { name: 'Create subscription' }).first().click();
  await page.getByLabel('URL').fill('ftp://partner.example/');
  await page.getByRole('button', { name: 'Create subscription' }).click();
  await page.getByText('Choose at least one event type.').waitFor();
  await page.getByRole('checkbox', { name: 'order.*' }).check();
  await page.getByText('⟦U+202E⟧gnp').first().waitFor();
  await page.getByRole('searchbox').fill('invoice.sent');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Remove: invoice.sent' }).waitFor();
  await page.getByRole('button', { name: 'Add header' }).click();
  await page.getByLabel('Header 1', { exact: true }).fill('authorization');
  await page.getByLabel('Value: authorization').fill('Bearer partner-key');
  await page.getByLabel('Secret: authorization').check();
  await page.getByLabel('Retries', { exact: true }).selectOption('Own schedule');
  await page.getByLabel('Pause before each retry').fill('5s, soon');
  await page.getByRole('button', { name: 'Create subscription' }).click();
  await page.getByText("'soon' is no duration.").waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription-new');
  await page.getByLabel('Pause before each retry').fill('5s, 1h');
  await page.getByRole('button', { name: 'Create subscription' }).click();
  // The API's message is at its field, which has the focus.
  await expect.poll(() => page.getByLabel('URL').evaluate((field) => field.matches(':focus'))).toBe(true);
  expect(await page.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('URL').fill(endpoint.url);
  await page.getByRole('button', { name: 'Create subscription' }).click();
  const secret = (await page.getByRole('group', { name: 'Signing secret' }).textContent()) ?? '';
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole('tab', { name: 'Python' }).click();
  await page.getByRole('group', { name: 'Receiver: Python' }).getByText('hmac.compare_digest').waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription-secret');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('heading', { name: endpoint.url }).waitFor();
  received.length = 0;
  await page.getByRole('button', { name: 'Send test' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The endpoint accepted the test.').waitFor();
  await dialog.getByText('⟦U+202E⟧gnp').waitFor();
  await dialog.getByRole('tab', { name: 'Request' }).click();
  await dialog.getByRole('group', { name: 'Body' }).getByText('webhook.test').waitFor();
  await expectAccessible(page);
  await picture(page, 'subscription-test');
  const [test] = received.filter(({ body }) => body.includes('webhook.test'));
  expect(test?.headers.authorization).toBe('Bearer partner-key');
  // Throws unless the secret that was shown has signed it.
  new Webhook(secret).verify(test?.body ?? '', test?.headers as Record<string, string>);
  await page.keyboard.press('Escape');
  const shown = (await page.locator('body').textContent()) ?? '';
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain('partner-key');
});

it('joins the changes of a form with those that somebody else has made meanwhile', async () => {
  const subscription = await aSubscription({ secret_headers: { 'x-key': 'stored-secret' } });
  const page = await aBrowserPage();
  await signInAt(page, local, `/subscriptions/${subscription.id}/edit`);
  await page.getByText('Stored, not shown').waitFor();
  await page.getByLabel('Description').fill('mine');
  await page.getByLabel('URL').fill(`${endpoint.url}mine`);
  await api.call('PATCH', `/webhooks/subscriptions/${subscription.id}`, {
    description: 'theirs',
    timeout_seconds: 20,
  });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Somebody else has changed this meanwhile.').waitFor();
  expect(await page.getByLabel('Time limit, seconds').inputValue()).toBe('20');
  expect(await page.getByRole('textbox', { name: 'Description' }).inputValue()).toBe('mine');
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription-meanwhile');
  await page.getByRole('button', { name: 'Take theirs: Description' }).click();
  // Leaving asks first.
  await page.getByRole('link', { name: 'Deliveries' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: `${endpoint.url}mine` }).waitFor();
  expect(await stored(subscription)).toMatchObject({
    endpoint_url: `${endpoint.url}mine`,
    description: 'theirs',
    timeout_seconds: 20,
    secret_headers: { 'x-key': true },
  });
});

it('shows why an endpoint fails, and disables, enables, rotates and deletes it', async () => {
  const failing = await aSubscription({
    endpoint_url: `${endpoint.url}failing`,
    events: ['user.*'],
    description: hostile,
    headers: { 'x-tenant': 'a' },
    retry_schedule: [3_600],
  });
  const other = await aSubscription({ endpoint_url: `${endpoint.url}other` });
  for (let at = 0; at < 6; at += 1) await api.call('POST', '/events', { type: 'user.created', data: { at } });
  const page = await aBrowserPage();
  await signInAt(page, local, `/subscriptions/${failing.id}`);
  await page.getByText('The circuit breaker is open').waitFor();
  await page.getByRole('region', { name: 'Recent deliveries' }).getByText('Retrying').first().waitFor();
  await page.getByRole('region', { name: 'Health' }).getByText('Failed').first().waitFor();
  await page.getByText('⟦U+202E⟧gnp').first().waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription');
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByLabel('Reason, for others to see').fill('moving');
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('Nothing is sent to this endpoint').waitFor();
  await page.getByText('moving').waitFor();
  await page.getByRole('button', { name: 'Enable' }).click();
  await expectAccessible(page);
  // Somebody else was faster: nothing happens before they have seen it.
  await api.call('PATCH', `/webhooks/subscriptions/${failing.id}`, { timeout_seconds: 5 });
  await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('dialog').getByText('Somebody else has changed it meanwhile.').waitFor();
  expect((await stored(failing)).state).toBe('disabled');
  await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click();
  await page.getByRole('status').getByText('It is enabled.').waitFor();
  await page.getByRole('button', { name: 'Rotate secret' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate secret' }).click();
  const secret = (await page.getByRole('group', { name: 'Signing secret' }).textContent()) ?? '';
  expect(secret).toMatch(/^whsec_/);
  expect((await stored(failing)).secrets).toHaveLength(2);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The subscription is deleted.').waitFor();
  await page.getByRole('table').getByRole('link', { name: other.endpoint_url }).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscriptions');
  expect(await page.getByRole('link', { name: 'failing' }).count()).toBe(0);
});

it('shows a partner its own endpoints only, and offers what its token may do', async () => {
  const own = await aSubscription({ endpoint_url: `${endpoint.url}acme`, consumer_id: 'acme' });
  const foreign = await aSubscription({ endpoint_url: `${endpoint.url}globex`, consumer_id: 'globex' });
  const token = await api.newToken(local, { consumer_id: 'acme' });
  const page = await aBrowserPage();
  await page.goto(`${local.url}/portal#token=${token}`);
  await page.getByRole('link', { name: 'Endpoints' }).click();
  await page
    .getByRole('table')
    .getByRole('link', { name: `${endpoint.url}acme` })
    .waitFor();
  expect(await page.getByText('globex').count()).toBe(0);
  await page.getByRole('link', { name: 'Add endpoint' }).click();
  await page.getByLabel('URL').fill(`${endpoint.url}new`);
  expect(await page.getByLabel('Consumer').count()).toBe(0);
  await page.getByRole('checkbox', { name: 'order.paid' }).check();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add endpoint' }).click();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('heading', { name: `${endpoint.url}new` }).waitFor();
  await expectAccessible(page);
  await picture(page, 'portal-endpoint');
  await page.goto(`${local.url}/portal/subscriptions/${foreign.id}`);
  await page.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  const reader = await api.newToken(local, { consumer_id: 'acme', scopes: ['subscriptions:read'] });
  const exchanged = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().endsWith('/session/portal'),
  );
  await page.goto(`${local.url}/portal#token=${reader}`);
  await exchanged;
  await page.goto(`${local.url}/portal/subscriptions/${own.id}`);
  await page.getByRole('heading', { name: `${endpoint.url}acme` }).waitFor();
  for (const name of ['Send test', 'Delete', 'Rotate secret', 'Disable'])
    expect(await page.getByRole('button', { name }).count()).toBe(0);
  await page.goto(`${local.url}/portal/subscriptions/${own.id}/edit`);
  await page.getByText('subscriptions:write').waitFor();
});

import { beforeAll, expect, it } from 'vitest';
import {
  aBrowserPage,
  type BrowserPage,
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

const script = '<img src=x onerror="document.title=1">';
const reversed = '\u202egnp.exe';

let local: LocalStack;
let api: Caller;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_admin_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  await api.call('POST', '/webhooks/consumers', { id: 'acme', name: `${script}${reversed}` });
  await api.call('POST', '/webhooks/subscriptions', {
    ...{ consumer_id: 'acme', endpoint_url: 'http://127.0.0.1:9/', events: ['order.*'], send_test: false },
    ...{ rate_limit: { per_second: 7 } },
  });
});

/** Looks at a page in both colour schemes. */
async function expectGood(page: BrowserPage, name: string): Promise<void> {
  await expectAccessibleInBothSchemes(page);
  await picture(page, name);
}

it('creates, changes and disables a consumer, and finds who did it', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/consumers');
  // What a partner calls itself is text.
  await page.getByText(`${script}⟦U+202E⟧gnp.exe`).waitFor();
  await expectGood(page, 'consumers');
  await page.getByRole('link', { name: 'Create consumer' }).click();
  // The list, which stays until the form has loaded, has a field of this name too.
  await page.getByRole('heading', { name: 'Create a consumer' }).waitFor();
  await page.getByLabel('Id').fill('acme');
  await page.getByRole('button', { name: 'Create consumer' }).click();
  await page.getByText('is taken').waitFor();
  await page.getByLabel('Id').fill('globex');
  await expectGood(page, 'new-consumer');
  await page.getByRole('button', { name: 'Create consumer' }).click();
  await page.getByRole('heading', { name: 'globex' }).waitFor();
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByLabel('Contact').fill('ops@globex.example');
  // Somebody else changes the same consumer: both changes are kept.
  await api.call('PATCH', '/webhooks/consumers/globex', { name: 'Globex Corporation' });
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByText('Somebody else has changed this meanwhile.').waitFor();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: 'Globex Corporation' }).waitFor();
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByText('This consumer is disabled').waitFor();
  await page.getByRole('link', { name: 'Changes' }).click();
  await page.getByRole('table').getByRole('link', { name: 'Consumer disabled' }).waitFor();
  await page.getByRole('link', { name: 'Consumer changed' }).first().waitFor();
  await expectGood(page, 'audit-log');
  await page.getByRole('link', { name: 'Consumer changed' }).first().click();
  await page.getByRole('cell', { name: 'ops@globex.example' }).waitFor();
  await expectGood(page, 'audit-entry');
  await page.reload();
  await page.getByRole('cell', { name: 'ops@globex.example' }).waitFor();
});

it('makes a token of a consumer once, which opens its portal', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/consumers/acme');
  await page.getByRole('cell', { name: '7 a second' }).waitFor();
  await expectGood(page, 'consumer');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expectGood(page, 'new-token');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByRole('group', { name: 'Consumer token' }).textContent();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  expect(await page.content()).not.toContain(token);
  const portal = await aBrowserPage();
  await portal.goto(`${local.url}/portal#token=${token}`);
  await portal.getByRole('navigation').waitFor({ state: 'attached' });
  for (const name of ['API keys', 'Consumers', 'Audit log', 'Workspace settings'])
    expect(await portal.getByRole('link', { name }).count()).toBe(0);
  await portal.goto(`${local.url}/portal/keys`);
  await portal.getByRole('heading', { name: 'Nothing is here' }).waitFor();
});

it('creates a key that is shown once, works, and says what stops when it is revoked', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/keys');
  await page.getByRole('link', { name: 'Create key' }).click();
  await page.getByLabel('Name').fill('shop backend');
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByText('Choose at least one scope.').waitFor();
  await expectGood(page, 'new-key');
  expect(await page.getByRole('checkbox', { name: 'platform' }).count()).toBe(0);
  await page.getByRole('checkbox', { name: 'events:write' }).check();
  await page.getByLabel('Keep its events on disk while the log is away').check();
  await picture(page, 'new-key-spool');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = (await page.getByRole('group', { name: 'API key' }).textContent()) ?? '';
  await expectGood(page, 'key-once');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('heading', { name: 'shop backend' }).waitFor();
  await page.getByText('its events wait on disk').waitFor();
  expect(await page.content()).not.toContain(key);
  await expect
    .poll(async () => new Caller(local.url, key).call('GET', '/webhooks/identity').catch(() => null))
    .toMatchObject({ scopes: ['events:write'] });
  await expectGood(page, 'key');
  await page.getByRole('button', { name: 'Revoke key' }).click();
  await page.getByRole('dialog').getByText('publish events').waitFor();
  await expectGood(page, 'revoke-key');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click();
  await page.getByText('Revoked', { exact: true }).waitFor();
  await page.goto(`${local.url}/keys?state=revoked`);
  await page.getByRole('table').getByRole('link', { name: 'shop backend' }).waitFor();
  await expectGood(page, 'keys');
});

it('changes the settings of the workspace, and refuses what only an operator may raise', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/settings');
  await page.getByLabel('Keep for days').fill('90');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save and remove' }).click();
  await page.getByText('can only be raised above 30 days with the scope platform, got 90').waitFor();
  await expectGood(page, 'settings');
  await page.getByLabel('Keep for days').fill('14');
  await page.getByLabel('Disable after failures in a row').fill('50');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save and remove' }).click();
  await page.getByText('Saved.').waitFor();
  expect(await api.call('GET', `/webhooks/workspaces/${local.workspace_id}`)).toMatchObject({
    ...{ retention_days: 14, disable_after_failures: 50 },
  });
});

it('shows the workspaces to an operator of the installation, and no other key', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/workspaces');
  await page.getByRole('heading', { name: 'Your key may not see this' }).waitFor();
  const operator = await aBrowserPage();
  await signInAt(operator, await sharedTidings(), '/workspaces');
  await operator.getByRole('link', { name: local.workspace_id }).click();
  await operator.getByRole('link', { name: 'Its keys' }).waitFor();
  await expectGood(operator, 'workspace');
  await operator.getByRole('link', { name: 'All workspaces' }).first().click();
  await operator.getByRole('table').getByRole('link', { name: local.workspace_id }).waitFor();
  await expectGood(operator, 'workspaces');
});

import { sign } from '@octokit/webhooks-methods';
import { eventually } from '@tidings/testing';
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

const secret = "It's a Secret to Everybody";
const hostile = '<img src=x onerror="document.title=1">\u202egnp.exe';

let local: LocalStack;
let api: Caller;

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_sources_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
});

/** Looks at a page in both colour schemes. */
async function expectGood(page: BrowserPage, name: string): Promise<void> {
  await expectAccessibleInBothSchemes(page);
  await picture(page, name);
}

/** Returns true if something lies over the middle of a button. */
const isCovered = async (page: BrowserPage, name: string): Promise<boolean> => {
  const box = await page.getByRole('button', { name }).boundingBox();
  if (box === null) throw new Error(`'${name}' is not shown`);
  const middle = `${box.x + box.width / 2}, ${box.y + box.height / 2}`;
  const text = await page.evaluate<string>(`document.elementFromPoint(${middle}).textContent`);
  return text !== name;
};

/** Sends a webhook as GitHub does; returns the status. */
async function send(url: string, delivery: string, key = secret): Promise<number> {
  const body = JSON.stringify({ action: 'opened', repository: { id: 7 } });
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'x-github-event': 'issues', 'x-github-delivery': delivery },
      'x-hub-signature-256': await sign(key, body),
    },
    body,
  });
  return response.status;
}

it('creates a source, shows what it received and why it refused, and leads from the event back', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/sources');
  await page.getByText('No sources yet').waitFor();
  await page.getByRole('link', { name: 'Create source' }).first().click();
  await page.getByRole('heading', { name: 'Create a source' }).waitFor();
  await page.getByRole('button', { name: 'Create source' }).click();
  await page.getByText('Enter the secret.').waitFor();
  await page.getByLabel('Name').fill(hostile);
  await page.getByLabel('Secret').fill(secret);
  await page.getByLabel('While the log is away').selectOption('Refuse webhooks with 503');
  await expectGood(page, 'new-source');
  await page.getByRole('button', { name: 'Create source' }).click();
  await page.getByText('Nothing was received yet').waitFor();
  await page.getByText('its webhooks are refused with 503').waitFor();
  // The secret is nowhere in the page of the source.
  expect(await page.content()).not.toContain('Secret to Everybody');
  const url = (await page.locator('dd code').first().textContent()) ?? '';
  expect(url).toMatch(/\/v1\/sources\/src_[0-9a-f]{32}$/);

  await eventually(async () => expect(await send(url, 'one')).toBe(200));
  expect(await send(url, 'one')).toBe(200);
  expect(await send(url, 'two', 'another secret of theirs')).toBe(401);
  const log = page.getByRole('table', { name: 'What it received' });
  await eventually(async () => {
    await page.getByRole('button', { name: 'Refresh' }).click();
    await log.getByText('Repeated').waitFor({ timeout: 500 });
    await page.getByText('Compare the secret with that of the provider').waitFor({ timeout: 500 });
  });
  await expectGood(page, 'source');
  await page.getByLabel('Outcome').selectOption('Refused');
  await log.getByRole('cell', { name: 'The signature fits no secret' }).waitFor();
  await log.getByText('Repeated').waitFor({ state: 'detached' });
  await page.getByLabel('Outcome').selectOption('Accepted');
  await page.getByRole('cell', { name: 'github.issues.opened' }).waitFor();
  await log.getByRole('link').click();
  await page.getByRole('heading', { name: 'github.issues.opened' }).waitFor();
  // From the event to the webhook and its repeat.
  await page.getByRole('link', { name: '/v1/sources/src_' }).click();
  await page.getByRole('cell', { name: 'Repeated' }).waitFor();
  await page.getByRole('cell', { name: 'Accepted' }).waitFor();
});

it('lists sources, rotates, disables and deletes one', async () => {
  const { id } = await api.call('POST', '/webhooks/sources', {
    ...{ provider: 'generic-hmac', name: 'Meters', secrets: ['a secret of the meters'] },
    options: { header: 'X-Signature' },
  });
  const page = await aBrowserPage();
  await signInAt(page, local, '/sources');
  await page.getByText('⟦U+202E⟧gnp.exe').waitFor();
  await page.getByText('none in 24 h').waitFor();
  await expectGood(page, 'sources');
  await page.getByRole('link', { name: 'Meters' }).click();
  await page.getByText('header: X-Signature').waitFor();
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Keep webhooks on disk').check();
  await picture(page, 'edit-source');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('its webhooks wait on disk').waitFor();
  await page.getByRole('button', { name: 'Rotate secret' }).click();
  await dialog.getByLabel('New secret', { exact: true }).fill('short');
  await dialog.getByRole('button', { name: 'Rotate secret' }).click();
  await dialog.getByText('8 to 512 characters, got 5').waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('New secret', { exact: true }).fill('another secret of the meters');
  await dialog.getByRole('button', { name: 'Rotate secret' }).click();
  await page.getByText('2, during a rotation').waitFor();
  await page.getByRole('button', { name: 'Disable' }).click();
  await dialog.getByRole('button', { name: 'Disable' }).click();
  await page.getByText('This source is disabled').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Sources' }).waitFor();
  await eventually(async () => {
    const { data } = (await api.call('GET', '/webhooks/sources')) as unknown as { data: { id: string }[] };
    expect(data.map((one) => one.id)).not.toContain(id);
  });
  await page.getByRole('link', { name: 'Create source' }).click();
  await page.getByText('The source is deleted.').waitFor();
  expect(await isCovered(page, 'Create source')).toBe(false);
  await page.getByLabel('Provider').selectOption('Any sender with an HMAC');
  await page.getByLabel('Header', { exact: true }).fill('not a header');
  await page.getByLabel('Name').fill('Other meters');
  await page.getByLabel('Secret').fill('a secret of the meters');
  await page.getByRole('button', { name: 'Create source' }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  await expectGood(page, 'new-generic-source');
});

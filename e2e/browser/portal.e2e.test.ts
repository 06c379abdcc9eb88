import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  aBrowserPage,
  expectAccessibleInBothSchemes,
  picture,
  signInAt,
  withBrowser,
} from '../harness/browser.ts';
import { Caller, statusAt } from '../harness/caller.ts';
import { type PortalParties, portalParties, startPortalExample } from '../harness/portal.ts';

withBrowser();

const logo =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let parties: PortalParties;
let example: Awaited<ReturnType<typeof startPortalExample>>;

beforeAll(async () => {
  parties = await portalParties(`ws_portal_${Date.now()}`);
  const { local, api } = parties;
  example = await startPortalExample(local);
  await api.call('PATCH', `/webhooks/workspaces/${local.workspace_id}`, {
    portal: {
      ...{
        name: 'Shop webhooks',
        logo,
        light: { accent: '#0b5c4a', bar: '#0b3d33' },
        dark: { accent: '#5fd3b3' },
      },
      refresh_url: `${example.url}webhooks`,
    },
  });
}, 120_000);
afterAll(async () => {
  await example.close();
  await parties.close();
});

it('opens by a link with the look of the workspace, and shows a partner what is its own', async () => {
  const { local, api, aLink } = parties;
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
  const { aLink } = parties;
  const page = await aBrowserPage();
  await page.goto((await aLink({ consumer_id: 'newcomer' })).url);
  await page.getByRole('heading', { name: 'First steps' }).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'portal-first-steps');
});

it('signs out for good, also the link itself, and comes back to the same page by the refresh URL', async () => {
  const { local, aLink } = parties;
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
  await page.getByRole('link', { name: `Continue at ${new URL(example.url).host}` }).click();
  await page.getByRole('table').getByRole('link', { name: 'order.paid' }).waitFor();
  expect(page.url()).toBe(`${local.url}/portal/deliveries?status=retrying`);
});

it('ends a session, with its open stream, that was signed out at another instance', async () => {
  const { local, api } = parties;
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
  await page.goto(example.url);
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

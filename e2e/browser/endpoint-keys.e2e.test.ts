import { createPublicKey, verify } from 'node:crypto';
import { makeAuthority, type ReceivedRequest, type Receiver, startReceiver } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

type Stored = Readonly<{
  id: string;
  endpoint_url: string;
  tls: Readonly<{ ca: readonly unknown[]; certificate: readonly unknown[] }> | null;
}>;

const authority = makeAuthority();
const server = authority.issue({ hosts: ['127.0.0.1'] });
const client = authority.issue({ hosts: ['tidings'] });
// An Ed25519 key in DER begins so (RFC 8410).
const spki = Buffer.from('302a300506032b6570032100', 'hex');

let local: LocalStack;
let api: Caller;
let endpoint: Receiver;

// An endpoint with a private authority, which hangs up on clients without a certificate of that authority.
beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_keys_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  endpoint = await startReceiver({ tls: { ...server, ca: authority.cert } });
  await api.call('POST', '/webhooks/event-types', { name: 'order.paid' });
});
afterAll(async () => endpoint.close());

const stored = async (): Promise<readonly Stored[]> =>
  (await api.call<{ data: readonly Stored[] }>('GET', '/webhooks/subscriptions')).data;

function isSigned({ headers, body }: ReceivedRequest, key: string): boolean {
  const der = Buffer.concat([spki, Buffer.from(key.replace(/^whpk_/, ''), 'base64')]);
  const content = Buffer.concat([
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`),
    body,
  ]);
  return String(headers['webhook-signature'])
    .split(' ')
    .filter((one) => one.startsWith('v1a,'))
    .some((one) =>
      verify(
        null,
        content,
        createPublicKey({ key: der, format: 'der', type: 'spki' }),
        Buffer.from(one.slice('v1a,'.length), 'base64'),
      ),
    );
}

it('creates an endpoint with a key pair and mutual TLS, whose public key verifies, and rotates and removes them', async () => {
  const page = await aBrowserPage();
  await signInAt(page, local, '/subscriptions/new');
  await page.getByLabel('URL').fill(endpoint.url);
  await page.getByRole('checkbox', { name: 'order.paid' }).check();
  await page.getByRole('radio', { name: 'Key pair' }).check();
  await page.getByText('Certificates (mTLS)').click();
  const [ca, certificate, key] = [
    page.getByLabel('Authorities that are trusted'),
    page.getByLabel('Client certificate with its chain'),
    page.getByLabel('Private key of the client certificate'),
  ];
  await ca.fill(authority.cert);
  await certificate.fill(client.cert);
  await page.getByRole('button', { name: 'Create subscription' }).click();
  // A certificate without its key is refused, at one of the two.
  await expect.poll(async () => page.locator('textarea[aria-invalid=true]').count()).toBe(1);
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription-certificates');
  await key.fill(client.key);
  await page.getByRole('button', { name: 'Create subscription' }).click();
  await page.getByRole('heading', { name: 'Public key' }).waitFor();
  await page.getByText('The private key stays here.').waitFor();
  await page.getByRole('group', { name: 'Receiver: Node.js' }).getByText("'v1a,'").first().waitFor();
  const publicKey =
    (await page
      .getByText(/^whpk_/)
      .first()
      .textContent()) ?? '';
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'subscription-public-key');
  await page.getByRole('button', { name: 'Go to the endpoint' }).click();
  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByRole('dialog').getByText('The endpoint accepted the test.').waitFor();
  const [test] = endpoint.requests;
  expect(test !== undefined && isSigned(test, publicKey)).toBe(true);
  await page.keyboard.press('Escape');
  await page.getByText('Client certificate (mTLS)').waitFor();
  expect(await page.content()).not.toContain('PRIVATE KEY');
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByText('Certificates (mTLS)').click();
  // What is stored is shown by its fingerprint alone.
  await page.getByLabel('Remove all stored certificates and the key').check();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('heading', { name: endpoint.url }).waitFor();
  expect(await stored()).toMatchObject([{ tls: null }]);
  await page.getByRole('button', { name: 'Send test' }).click();
  await page.getByRole('dialog').getByText('No secure connection could be made').waitFor();
});

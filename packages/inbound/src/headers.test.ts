import { expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';

const headersOf = (fields: Readonly<Record<string, string>>) =>
  new InboundHeaders(Object.entries(fields).flat());
const none = { names: [], secrets: [] };

it.each([
  ...['Authorization', 'Proxy-Authorization', 'Cookie', 'X-Api-Key', 'X-Auth-Token', 'X-Amz-Security-Token'],
  ...['X-Telegram-Bot-Api-Secret-Token', 'X-Hub-Signature', 'X-Hub-Signature-256', 'X-Slack-Signature'],
  ...['Stripe-Signature', 'Webhook-Signature', 'Svix-Signature', 'X-Twilio-Signature', 'X-Gitlab-Token'],
  ...['X-Twilio-Email-Event-Webhook-Signature', 'X-Shopify-Hmac-Sha256', 'Shopify-Hmac-Sha256'],
  ...['X-Webhook-Signature'],
])('an event does not keep %s', (name) => {
  expect(headersOf({ [name]: 'a value', 'x-github-event': 'push' }).kept(none)).toEqual({
    'x-github-event': 'push',
  });
});

it('an event does not keep a secret or a signature under another name, such as one that was configured before', () => {
  const headers = headersOf({
    ...{ 'x-now': 'sha256=0123', 'x-before': 'sha256=0123', 'x-key-of-it': 'Bearer the secret' },
    ...{ 'i-twilio-idempotency-token': 'tw-1', 'x-id': 'one' },
  });
  expect(headers.kept({ names: ['X-Now'], secrets: ['the secret'] })).toEqual({
    'i-twilio-idempotency-token': 'tw-1',
    'x-id': 'one',
  });
});

import { generateKeyPairSync, sign } from 'node:crypto';
import { EventWebhook } from '@sendgrid/eventwebhook';
import Stripe from 'stripe';
import twilio from 'twilio';
import { expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import { providers } from './providers.ts';
import { type Reception, receiveHook } from './receive-hook.ts';

type Given = Readonly<{
  provider: string;
  secrets: readonly string[];
  headers: Readonly<Record<string, string>>;
  body: string;
  url?: string;
  nowSeconds?: number;
  options?: Readonly<Record<string, string | number>>;
}>;

function received({
  provider: name,
  secrets,
  headers,
  body,
  url = '',
  nowSeconds = 0,
  options = {},
}: Given): Reception {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(`there is no ${name}`);
  const request = {
    url,
    headers: new InboundHeaders(Object.entries(headers).flat()),
    body: Buffer.from(body),
  };
  return receiveHook(provider, request, { secrets, options, nowSeconds });
}
const outcomeOf = (given: Given): string => received(given).outcome;

const slackBody =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
const sendgridKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==';
const sendgridBody =
  '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n';
const form = 'application/x-www-form-urlencoded';
const twilioBody =
  'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212';
const standard = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
};

const vectors: readonly Given[] = [
  {
    provider: 'github',
    secrets: ["It's a Secret to Everybody"],
    headers: {
      'X-Hub-Signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
    body: 'Hello, World!',
  },
  {
    provider: 'bitbucket',
    secrets: ["It's a Secret to Everybody"],
    headers: { 'X-Hub-Signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
    body: 'Hello World!',
  },
  {
    provider: 'slack',
    secrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
    headers: {
      'content-type': form,
      'X-Slack-Request-Timestamp': '1531420618',
      'X-Slack-Signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    body: slackBody,
    nowSeconds: 1_531_420_618,
  },
  {
    provider: 'twilio',
    secrets: ['12345'],
    headers: { 'content-type': form, 'X-Twilio-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    body: twilioBody,
  },
  {
    provider: 'sendgrid',
    secrets: [sendgridKey],
    headers: {
      'X-Twilio-Email-Event-Webhook-Timestamp': '1600112502',
      'X-Twilio-Email-Event-Webhook-Signature':
        'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
    },
    body: sendgridBody,
  },
  {
    provider: 'standard-webhooks',
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    headers: { ...standard, 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' },
    body: '{"test": 2432232314}',
    nowSeconds: 1_614_265_330,
  },
  {
    provider: 'standard-webhooks',
    secrets: ['whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4='],
    headers: {
      ...standard,
      'webhook-signature':
        'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
    },
    body: '{"test": 2432232314}',
    nowSeconds: 1_614_265_330,
  },
];

it.each(vectors.map((vector) => [vector.provider, vector] as const))(
  'accepts the published vector of %s, and no other body',
  (_provider, vector) => {
    expect(outcomeOf(vector)).toBe('events');
    expect(outcomeOf({ ...vector, body: vector.body.slice(0, -1) })).toBe('refused');
  },
);

it('gives the slash command of Slack its type, id and channel', () => {
  const [, , slack] = vectors;
  expect(slack && received(slack)).toMatchObject({
    hooks: [{ type: 'slack.command', orderingKey: 'slack/T1DC2JH3J/G8PSS9T3V' }],
  });
});

it('echoes the challenge of Slack only if it is signed', () => {
  const [, , slack] = vectors;
  const body = '{"type":"url_verification","challenge":"3eZbrw1a","token":"Jhj5dZrVaK7ZwHHjRyZWjbDl"}';
  expect(slack && outcomeOf({ ...slack, body })).toBe('refused');
});

it('verifies what the package of SendGrid verifies', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const body = '[{"event":"open"}]\r\n';
  const signature = sign('sha256', Buffer.from(`1600112502${body}`), privateKey).toString('base64');
  const webhook = new EventWebhook();
  expect(webhook.verifySignature(webhook.convertPublicKeyToECDSA(key), body, signature, '1600112502')).toBe(
    true,
  );
  const headers = {
    'x-twilio-email-event-webhook-timestamp': '1600112502',
    'x-twilio-email-event-webhook-signature': signature,
  };
  expect(outcomeOf({ provider: 'sendgrid', secrets: [key], headers, body })).toBe('events');
});

it('refuses a time in the future that the package of Stripe accepts', () => {
  const secret = 'whsec_test';
  const body = '{"id":"evt_1","object":"event"}';
  const { webhooks } = new Stripe('sk_test_of_nobody');
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const header = webhooks.generateTestHeaderString({
    payload: body,
    secret,
    timestamp: nowSeconds + 100_000,
  });
  expect(webhooks.constructEvent(body, header, secret)).toMatchObject({ id: 'evt_1' });
  const given = {
    provider: 'stripe',
    secrets: [secret],
    headers: { 'stripe-signature': header },
    body,
    nowSeconds,
  };
  expect(received(given)).toEqual({ outcome: 'refused', reason: 'timestamp-out-of-range' });
});

it.each([
  ['http://hooks.example:8080/a?b=1', 'http://hooks.example:8080/a?b=1', {}],
  ['https://hooks.example:443/a?b=1', 'https://hooks.example/a?b=1', {}],
  ['https://hooks.example/a?b=1', 'https://hooks.example:443/a?b=1', {}],
  [
    'https://hooks.example/a?b=1',
    'http://10.0.0.7:8080/inner?b=1',
    { public_url: 'https://hooks.example/a' },
  ],
])('accepts a Twilio signature of %s for a request to %s', (signed, url, options) => {
  const headers = {
    'content-type': form,
    'x-twilio-signature': twilio.getExpectedTwilioSignature('a token', signed, { From: '+1' }),
  };
  const given = { provider: 'twilio', secrets: ['a token'], headers, body: 'From=%2B1', url, options };
  expect(outcomeOf(given)).toBe('events');
  expect(outcomeOf({ ...given, url: `${url}&c=2` })).toBe('refused');
});

import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { sign as signGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import twilioPackage from 'twilio';

/** A body to sign, with one secret, at a time. `time` is text, so that a test can sign one that is no number. */
export type ToSign = Readonly<{ body: Buffer; secret: string; time: string }>;

/** A request of a provider, as its own package signs it wherever that can. */
export type SignedSample = Readonly<{
  provider: string;
  /** Distinguishes several samples of a provider. */
  variant: string;
  secret: string;
  /** A second secret, and one that the source does not have. */
  oldSecret: string;
  wrongSecret: string;
  /** Returns the form in which a source has a secret, if not as it is: the public key of it. */
  trusted?(secret: string): string;
  options?: Readonly<Record<string, string | number>>;
  contentType: string;
  body: string;
  /** Path and query of the request, which Twilio signs with the origin. */
  query?(body: Buffer): string;
  /** Headers that say what happened, without the signature. */
  headers?: Readonly<Record<string, string>>;
  signatureHeader: string;
  /** False if the header is a secret and says nothing about the body. */
  isOfBody: boolean;
  /** True if a time is signed and has to be near. */
  isTimed: boolean;
  sign(toSign: ToSign, url: string): Promise<Readonly<Record<string, string>>>;
}>;

const hmac = (secret: string | Buffer, parts: readonly (string | Buffer)[], encoding: 'hex' | 'base64') => {
  const made = createHmac('sha256', secret);
  for (const part of parts) made.update(part);
  return made.digest(encoding);
};

const secrets = {
  secret: 'the secret of this source',
  oldSecret: 'the secret before it',
  wrongSecret: 'the secret of another',
};
const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const common = { isOfBody: true, isTimed: false, contentType: json, ...secrets } as const;

const stripeClient = new Stripe('sk_test_of_nobody');
const stripe: SignedSample = {
  ...common,
  ...{ provider: 'stripe', variant: 'package', isTimed: true, signatureHeader: 'stripe-signature' },
  ...{ secret: 'whsec_own', oldSecret: 'whsec_old', wrongSecret: 'whsec_other' },
  body: '{ "id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1", "customer": "cus_9"}} }',
  sign: async ({ body, secret, time }) => {
    // The package signs text only.
    if (!isUtf8(body) || !/^\d+$/.test(time))
      return { 'stripe-signature': `t=${time},v1=${hmac(secret, [`${time}.`, body], 'hex')}` };
    const payload = body.toString();
    return {
      'stripe-signature': stripeClient.webhooks.generateTestHeaderString({
        payload,
        secret,
        timestamp: Number(time),
      }),
    };
  },
};

const hub = { secret: "It's a Secret to Everybody" };
const github: SignedSample = {
  ...common,
  ...hub,
  ...{ provider: 'github', variant: 'package', signatureHeader: 'x-hub-signature-256' },
  headers: { 'x-github-event': 'pull_request', 'x-github-delivery': 'b8a2f1c0-0000-11ef-8000-000000000001' },
  body: '{ "action": "opened", "number": 7, "repository": { "id": 4711 } }',
  sign: async ({ body, secret }) => ({
    'x-hub-signature-256':
      isUtf8(body) && body.length > 0
        ? await signGithub(secret, body.toString())
        : `sha256=${hmac(secret, [body], 'hex')}`,
  }),
};

const bitbucket: SignedSample = {
  ...common,
  ...hub,
  ...{ provider: 'bitbucket', variant: 'cloud', signatureHeader: 'x-hub-signature' },
  headers: { 'x-event-key': 'repo:push', 'x-request-uuid': 'req-1' },
  body: '{ "repository": { "uuid": "{r-1}" } }',
  sign: async ({ body, secret }) => ({ 'x-hub-signature': `sha256=${hmac(secret, [body], 'hex')}` }),
};

const shopify: SignedSample = {
  ...common,
  ...{ provider: 'shopify', variant: 'topics', signatureHeader: 'x-shopify-hmac-sha256' },
  headers: {
    ...{ 'x-shopify-topic': 'orders/create', 'x-shopify-webhook-id': 'shop-1' },
    'x-shopify-shop-domain': 'one.myshopify.com',
  },
  body: '{ "id": 820982911946154508 }',
  sign: async ({ body, secret }) => ({ 'x-shopify-hmac-sha256': hmac(secret, [body], 'base64') }),
};

const slack: SignedSample = {
  ...common,
  ...{ provider: 'slack', variant: 'events', isTimed: true, signatureHeader: 'x-slack-signature' },
  body: '{ "type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": "message", "channel": "C1"} }',
  sign: async ({ body, secret, time }) => ({
    'x-slack-request-timestamp': time,
    'x-slack-signature': `v0=${hmac(secret, [`v0:${time}:`, body], 'hex')}`,
  }),
};

/** Returns a base64 secret of the standard for a word. */
const whsec = (word: string): string => `whsec_${createHash('sha256').update(word).digest('base64')}`;
const standardSecrets = { secret: whsec('own'), oldSecret: whsec('old'), wrongSecret: whsec('other') };

const standardSample = (provider: string, variant: string, prefix: string): SignedSample => ({
  ...common,
  ...standardSecrets,
  ...{ provider, variant, isTimed: true, signatureHeader: `${prefix}signature` },
  body: '{ "type": "contact.created", "object_kind": "push", "project": { "id": 5 } }',
  sign: async ({ body, secret, time }) => {
    const id = 'msg_1';
    const isPlain = isUtf8(body) && /^\d+$/.test(time);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return {
      [`${prefix}id`]: id,
      [`${prefix}timestamp`]: time,
      [`${prefix}signature`]: isPlain
        ? new Webhook(secret).sign(id, new Date(Number(time) * 1_000), body.toString())
        : `v1,${hmac(key, [`${id}.${time}.`, body], 'base64')}`,
    };
  },
});

const gitlabToken: SignedSample = {
  ...common,
  ...{ provider: 'gitlab', variant: 'token', signatureHeader: 'x-gitlab-token', isOfBody: false },
  headers: { 'x-gitlab-event': 'Push Hook', 'x-gitlab-event-uuid': 'gl-1' },
  body: '{ "object_kind": "push", "project": { "id": 5 } }',
  sign: async ({ secret }) => ({ 'x-gitlab-token': secret }),
};

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const shown = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return [privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), shown] as const;
};
const pairs = { secret: pair(), oldSecret: pair(), wrongSecret: pair() };
const publicKeys = new Map<string, string>(Object.values(pairs));

const sendgrid: SignedSample = {
  ...common,
  ...{ secret: pairs.secret[0], oldSecret: pairs.oldSecret[0], wrongSecret: pairs.wrongSecret[0] },
  trusted: (secret) => publicKeys.get(secret) ?? '',
  ...{ provider: 'sendgrid', variant: 'events', isTimed: true },
  options: { tolerance_seconds: 300 },
  signatureHeader: 'x-twilio-email-event-webhook-signature',
  body: '[{ "email":"a@b.example","event":"dropped","sg_event_id":"one","sg_message_id":"m1.filter"},\r\n{"event":"bounce","sg_event_id":"two","email":"a@b.example"}]\r\n',
  sign: async ({ body, secret, time }) => ({
    'x-twilio-email-event-webhook-timestamp': time,
    'x-twilio-email-event-webhook-signature': signBytes(
      'sha256',
      Buffer.concat([Buffer.from(time), body]),
      secret,
    ).toString('base64'),
  }),
};

const twilioForm: SignedSample = {
  ...common,
  ...{ provider: 'twilio', variant: 'form', contentType: form, signatureHeader: 'x-twilio-signature' },
  headers: { 'i-twilio-idempotency-token': 'tw-1' },
  body: 'MessageStatus=delivered&MessageSid=SM1&To=%2B1800&Tag=b&Tag=a&Text=gr%C3%BC%C3%9Fe+all',
  sign: async ({ body, secret }, url) => {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of new URLSearchParams(body.toString('latin1'))) {
      const before = fields[name];
      fields[name] = before === undefined ? value : [before, value].flat();
    }
    return { 'x-twilio-signature': twilioPackage.getExpectedTwilioSignature(secret, url, fields) };
  },
};

const twilioJson: SignedSample = {
  ...twilioForm,
  ...{ variant: 'json', contentType: json },
  body: '[{ "specversion": "1.0", "id": "one", "type": "com.twilio.messaging.message.sent", "data": { "messageSid": "SM1" } }]',
  query: (body) => `?bodySHA256=${createHash('sha256').update(body).digest('hex')}`,
  sign: async ({ secret }, url) => ({
    'x-twilio-signature': twilioPackage.getExpectedTwilioSignature(secret, url, {}),
  }),
};

const cloudevents: SignedSample = {
  ...common,
  ...{ provider: 'cloudevents', variant: 'structured', contentType: 'application/cloudevents+json' },
  ...{ signatureHeader: 'authorization', isOfBody: false },
  body: '{ "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid", "subject": "order-7", "data": 1 }',
  sign: async ({ secret }) => ({ authorization: `Bearer ${secret}` }),
};

const genericOptions = { id: 'x-id', type: '/kind', ordering_key: '/order/id' };
const genericBody = '{ "kind": "order paid", "order": { "id": 9007199254740993 } }';

const genericHmac: SignedSample = {
  ...common,
  ...{
    provider: 'generic-hmac',
    variant: 'time',
    isTimed: true,
    signatureHeader: 'x-signature',
    body: genericBody,
  },
  options: { ...genericOptions, header: 'X-Signature', algorithm: 'sha512', timestamp_header: 'X-Time' },
  headers: { 'x-id': 'one' },
  sign: async ({ body, secret, time }) => ({
    'x-time': time,
    'x-signature': `sha512=${createHmac('sha512', secret).update(`${time}.`).update(body).digest('hex')}`,
  }),
};

const genericToken: SignedSample = {
  ...common,
  ...{
    secret: 'user:password-of-it',
    oldSecret: 'user:password-before',
    wrongSecret: 'user:password-of-them',
  },
  ...{ provider: 'generic-token', variant: 'basic', signatureHeader: 'authorization', isOfBody: false },
  ...{ body: genericBody, options: { ...genericOptions, scheme: 'basic' }, headers: { 'x-id': 'one' } },
  sign: async ({ secret }) => ({ authorization: `Basic ${Buffer.from(secret).toString('base64')}` }),
};

/** A sample of each scheme of each provider. */
export const signedSamples: readonly SignedSample[] = [
  ...[stripe, sendgrid, github, gitlabToken, standardSample('gitlab', 'signed', 'webhook-')],
  ...[bitbucket, shopify, slack, twilioForm, twilioJson, cloudevents, genericHmac, genericToken],
  standardSample('standard-webhooks', 'webhook', 'webhook-'),
  standardSample('standard-webhooks', 'svix', 'svix-'),
];

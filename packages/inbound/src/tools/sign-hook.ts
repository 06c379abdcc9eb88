import { sign as signBytes } from 'node:crypto';
import { signHeaders } from '@tidings/signing';
import { hmacOf } from '../constant-time.ts';
import type { SourceOptions } from '../provider.ts';
import { signatureForm, signatureHeader } from '../providers/generic-hmac.ts';
import { signedPartOf } from '../providers/twilio.ts';

/** A request before its signature. `url`: where it is sent, which Twilio signs; `id`: that of a Standard Webhook. */
export type HookToSign = Readonly<{
  body: Buffer;
  contentType: string;
  secret: string;
  options: SourceOptions;
  nowSeconds: number;
  id: string;
  url: string;
}>;

type Signed = Readonly<Record<string, string>>;
type Sign = (hook: HookToSign) => Signed;

const hub =
  (header: string): Sign =>
  ({ body, secret }) => ({ [header]: `sha256=${hmacOf(secret, [body])}` });

const standard: Sign = ({ id, nowSeconds, body, secret }) => ({
  ...signHeaders({ id, timestampSeconds: nowSeconds, body, secrets: [secret] }),
});

const timedList = ({ body, secret, nowSeconds }: HookToSign): string =>
  `t=${nowSeconds},v1=${hmacOf(secret, [`${nowSeconds}.`, body])}`;

const textOf = (options: SourceOptions, name: string, otherwise: string): string =>
  String(options[name] ?? otherwise);

const genericHmac: Sign = (hook) => {
  const { body, secret, options, nowSeconds } = hook;
  const header = signatureHeader(options);
  if (options['format'] === 'timed-list') return { [header]: timedList(hook) };
  const { prefix, ...form } = signatureForm(options);
  const timeHeader = options['timestamp_header'];
  const signed = timeHeader === undefined ? [body] : [`${nowSeconds}.`, body];
  return {
    ...(timeHeader === undefined ? {} : { [String(timeHeader)]: String(nowSeconds) }),
    [header]: prefix + hmacOf(secret, signed, form),
  };
};

const genericToken: Sign = ({ secret, options }) => {
  const header = textOf(options, 'header', 'authorization');
  const scheme = textOf(options, 'scheme', 'bearer');
  if (scheme === 'plain') return { [header]: secret };
  return {
    [header]:
      scheme === 'basic' ? `Basic ${Buffer.from(secret, 'latin1').toString('base64')}` : `Bearer ${secret}`,
  };
};

const signers: Readonly<Record<string, Sign>> = {
  stripe: (hook) => ({ 'stripe-signature': timedList(hook) }),
  github: hub('x-hub-signature-256'),
  bitbucket: hub('x-hub-signature'),
  gitlab: (hook) => (hook.secret.startsWith('whsec_') ? standard(hook) : { 'x-gitlab-token': hook.secret }),
  shopify: ({ body, secret }) => ({
    'x-shopify-hmac-sha256': hmacOf(secret, [body], { encoding: 'base64' }),
  }),
  slack: ({ body, secret, nowSeconds }) => ({
    'x-slack-request-timestamp': String(nowSeconds),
    'x-slack-signature': `v0=${hmacOf(secret, [`v0:${nowSeconds}:`, body])}`,
  }),
  // SendGrid signs with a private key, in PEM; a source has the public one.
  sendgrid: ({ body, secret, nowSeconds }) => ({
    'x-twilio-email-event-webhook-timestamp': String(nowSeconds),
    'x-twilio-email-event-webhook-signature': signBytes(
      'sha256',
      Buffer.concat([Buffer.from(String(nowSeconds)), body]),
      secret,
    ).toString('base64'),
  }),
  twilio: ({ body, contentType, secret, url }) => ({
    'x-twilio-signature': hmacOf(secret, [url, signedPartOf(body, contentType, url) ?? ''], {
      algorithm: 'sha1',
      encoding: 'base64',
    }),
  }),
  'standard-webhooks': standard,
  cloudevents: ({ secret }) => ({ authorization: `Bearer ${secret}` }),
  'generic-hmac': genericHmac,
  'generic-token': genericToken,
};

/**
 * Returns the headers with which a provider signs a request, for requests of tests. Throws Error for a provider that is
 * not known, and errors of node:crypto and SigningError for a secret that is no key of it.
 */
export function signHook(provider: string, hook: HookToSign): Signed {
  const sign = signers[provider];
  if (sign === undefined) throw new Error(`there is no provider '${provider}'`);
  return sign(hook);
}

import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import type { SourceOptions } from './provider.ts';
import { providers } from './providers.ts';
import { receiveHook } from './receive-hook.ts';

const nowSeconds = 1_790_000_000;
const secret = 'a secret of them';
const body = '{"a": 1}';
const otherSignature = '0'.repeat(64);

const hmac = (algorithm: string, encoding: 'hex' | 'base64', text = body): string =>
  createHmac(algorithm, secret).update(text).digest(encoding);
const timed = (seconds = nowSeconds): string =>
  `t=${seconds},v1=${hmac('sha256', 'hex', `${seconds}.${body}`)}`;

function providerOf(name: string) {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(`there is no ${name}`);
  return provider;
}

type Given = Readonly<{
  headers: Readonly<Record<string, string>>;
  options?: SourceOptions;
  secret?: string;
}>;

/** Returns the outcome of a request, or why it is refused. */
function outcomeOf(name: string, { headers, options = {}, secret: own = secret }: Given): string {
  const sent = { 'content-type': 'application/json', ...headers };
  const request = {
    url: 'https://hooks.example/v1/sources/src_1',
    headers: new InboundHeaders(Object.entries(sent).flat()),
    body: Buffer.from(body),
  };
  const reception = receiveHook(providerOf(name), request, { secrets: [own], options, nowSeconds });
  return reception.outcome === 'refused' ? reception.reason : reception.outcome;
}

const generic = (signature: string, options: SourceOptions = {}): Given => ({
  headers: { 'x-webhook-signature': signature },
  options,
});

/** Forms of signatures that no signed sample has. */
const forms: Readonly<Record<string, readonly [provider: string, given: Given, outcome: string]>> = {
  'several, one of which is ours': [
    'stripe',
    { headers: { 'stripe-signature': `${timed()},v1=${otherSignature},v0=${otherSignature}` } },
    'events',
  ],
  'v0 alone': [
    'stripe',
    { headers: { 'stripe-signature': timed().replace('v1=', 'v0=') } },
    'no-matching-signature',
  ],
  'of SHA-1, as GitHub sent before': [
    'github',
    { headers: { 'x-hub-signature': `sha1=${hmac('sha1', 'hex')}` } },
    'missing-signature',
  ],
  'of SHA-1 in the header that Bitbucket uses for SHA-256': [
    'bitbucket',
    { headers: { 'x-hub-signature': `sha1=${hmac('sha1', 'hex')}` } },
    'no-matching-signature',
  ],
  'in the header of the Events product of Shopify': [
    'shopify',
    { headers: { 'shopify-hmac-sha256': hmac('sha256', 'base64') } },
    'events',
  ],
  'of GitLab 19 at a source that has the token alone': [
    'gitlab',
    { headers: { 'x-gitlab-token': secret, 'webhook-signature': 'v1,AAAA' } },
    'events',
  ],
  'by the defaults': ['generic-hmac', generic(`sha256=${hmac('sha256', 'hex')}`), 'events'],
  'without the prefix': ['generic-hmac', generic(hmac('sha256', 'hex')), 'no-matching-signature'],
  'in base64, which has no prefix': [
    'generic-hmac',
    generic(hmac('sha512', 'base64'), { algorithm: 'sha512', encoding: 'base64' }),
    'events',
  ],
  'with header and prefix of its own': [
    'generic-hmac',
    {
      headers: { 'x-sig': `v1:${hmac('sha1', 'hex')}` },
      options: { header: 'X-Sig', algorithm: 'sha1', prefix: 'v1:' },
    },
    'events',
  ],
  'in a list with a time': ['generic-hmac', generic(timed(), { format: 'timed-list' }), 'events'],
  'in a list with a time beyond the tolerance': [
    'generic-hmac',
    generic(timed(nowSeconds - 61), { format: 'timed-list', tolerance_seconds: 60 }),
    'timestamp-out-of-range',
  ],
};

describe('a signature', () => {
  it.each(Object.entries(forms))('%s', (_form, [name, given, outcome]) => {
    expect(outcomeOf(name, given)).toBe(outcome);
  });

  it('of SendGrid has an age only if the source says so', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const time = String(nowSeconds - 3_601);
    const given = {
      secret: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      headers: {
        'x-twilio-email-event-webhook-timestamp': time,
        'x-twilio-email-event-webhook-signature': sign(
          'sha256',
          Buffer.from(time + body),
          privateKey,
        ).toString('base64'),
      },
    };
    expect(outcomeOf('sendgrid', given)).toBe('events');
    const limited = { ...given, options: { tolerance_seconds: 3_600 } };
    expect(outcomeOf('sendgrid', limited)).toBe('timestamp-out-of-range');
  });

  it('is none of SendGrid Inbound Parse, which has a password and sends multipart', () => {
    const own = 'user:a password';
    const authorization = `Basic ${Buffer.from(own).toString('base64')}`;
    const headers = { 'content-type': 'multipart/form-data; boundary=x', authorization };
    expect(outcomeOf('generic-token', { headers, options: { scheme: 'basic' }, secret: own })).toBe('events');
    expect(providerOf('generic-token').contentTypes).toBeUndefined();
  });
});

const [hour, day] = [3_600, 86_400];
const mib = 1_024 * 1_024;

it.each([
  ['stripe', { retrySpanSeconds: 3 * day }],
  ['sendgrid', { retrySpanSeconds: day }],
  ['github', { answerWithinMs: 10_000, maxBytes: 25 * mib, retrySpanSeconds: 3 * day }],
  ['gitlab', { answerWithinMs: 10_000 }],
  ['bitbucket', { answerWithinMs: 10_000, maxBytes: mib / 4 }],
  ['shopify', { answerWithinMs: 5_000, retrySpanSeconds: 4 * hour }],
  ['slack', { answerWithinMs: 3_000 }],
  ['twilio', { answerWithinMs: 15_000 }],
  ['standard-webhooks', { answerWithinMs: 15_000 }],
])('%s sends, waits and repeats as it documents: %j', (name, facts) => {
  expect(providerOf(name)).toMatchObject(facts);
});

it.each([
  ['standard-webhooks', 27.6 * hour],
  ['slack', 6 * 60],
  ['twilio', 4 * hour],
])('%s can repeat for %i s at least', (name, seconds) => {
  expect(providerOf(name).retrySpanSeconds).toBeGreaterThanOrEqual(seconds);
});

it('GitHub and GitLab alone never repeat', () => {
  const never = [...providers.values()].filter(({ neverRepeats }) => neverRepeats).map(({ name }) => name);
  expect(never.toSorted()).toEqual(['github', 'gitlab']);
});

describe('the time of a Shopify webhook', () => {
  const signed = { 'x-shopify-hmac-sha256': hmac('sha256', 'base64') };
  const at = (seconds: number): string => new Date(seconds * 1_000).toISOString();

  it.each([
    ['none, without a tolerance', {}, undefined, 'events'],
    ['an old one, without a tolerance', { 'x-shopify-triggered-at': at(1) }, undefined, 'events'],
    ['a near one', { 'x-shopify-triggered-at': at(nowSeconds - 60) }, 60, 'events'],
    [
      'a near one of the Events product',
      { 'shopify-triggered-at': '2026-09-21T16:13:20+02:00' },
      60,
      'events',
    ],
    ['an old one', { 'x-shopify-triggered-at': at(nowSeconds - 61) }, 60, 'timestamp-out-of-range'],
    ['one of the future', { 'x-shopify-triggered-at': at(nowSeconds + 61) }, 60, 'timestamp-out-of-range'],
    ['none', {}, 60, 'malformed-timestamp'],
    ['a number', { 'x-shopify-triggered-at': String(nowSeconds) }, 60, 'malformed-timestamp'],
  ])('that is %s', (...[, headers, tolerance, outcome]) => {
    const options = tolerance === undefined ? {} : { tolerance_seconds: tolerance };
    expect(outcomeOf('shopify', { headers: { ...signed, ...headers }, options })).toBe(outcome);
  });
});

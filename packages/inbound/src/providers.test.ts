import { describe, expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import { providers } from './providers.ts';
import { type Reception, receiveHook } from './receive-hook.ts';
import { type SignedSample, signedSamples } from './testing/signed-samples.ts';

const nowSeconds = 1_790_000_000;
const now = String(nowSeconds);
const origin = 'https://hooks.example/v1/sources/src_1';

type Change = Readonly<{
  body?: Buffer;
  secret?: string;
  time?: string;
  /** Changes what was signed on its way. */
  onTheWay?(body: Buffer): Buffer;
  headers?(headers: Record<string, string>): readonly (readonly [string, string])[];
}>;

/** Signs a sample and receives it with its two secrets. */
async function received(sample: SignedSample, change: Change = {}): Promise<Reception> {
  const provider = providers.get(sample.provider);
  if (provider === undefined) throw new Error(`there is no ${sample.provider}`);
  const body = change.body ?? Buffer.from(sample.body);
  const url = `${origin}${sample.query?.(body) ?? ''}`;
  const signed = await sample.sign(
    { body, secret: change.secret ?? sample.secret, time: change.time ?? now },
    url,
  );
  const headers = { ...sample.headers, 'content-type': sample.contentType, ...signed };
  const sent = change.headers?.(headers) ?? Object.entries(headers);
  const trusted = sample.trusted ?? ((secret: string) => secret);
  return receiveHook(
    provider,
    { url, headers: new InboundHeaders(sent.flat()), body: change.onTheWay?.(body) ?? body },
    {
      secrets: [sample.secret, sample.oldSecret].map(trusted),
      options: sample.options ?? {},
      nowSeconds,
    },
  );
}

const named = (samples: readonly SignedSample[]) =>
  samples.map((sample) => [`${sample.provider} (${sample.variant})`, sample] as const);
const refused = { outcome: 'refused' };
const notUtf8 = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);

/** Replaces the signature of a request. */
const withSignature =
  (sample: SignedSample, change: (value: string) => string): NonNullable<Change['headers']> =>
  (headers) =>
    Object.entries(headers).map(([name, value]) => [
      name,
      name === sample.signatureHeader ? change(value) : value,
    ]);

/** Writes the hexadecimal digits of a signature in capitals, or all of it if it has none. */
const inCapitals = (value: string): string => {
  const capitals = value.replace(/[0-9a-f]{40,}/, (digits) => digits.toUpperCase());
  return capitals === value ? value.toUpperCase() : capitals;
};

describe.each(named(signedSamples))('%s', (_name, sample) => {
  it('accepts a good request, and one by the second secret', async () => {
    expect(await received(sample)).toMatchObject({ outcome: 'events' });
    expect(await received(sample, { secret: sample.oldSecret })).toMatchObject({ outcome: 'events' });
  });

  it('refuses a wrong secret', async () => {
    expect(await received(sample, { secret: sample.wrongSecret })).toMatchObject(refused);
  });

  it.each([
    ['truncated', (value: string) => value.slice(0, -1)],
    ['empty', () => ''],
    ['followed by more', (value: string) => `${value}0`],
    ['in capitals', inCapitals],
  ])('refuses a signature that is %s', async (_how, change) => {
    expect(await received(sample, { headers: withSignature(sample, change) })).toMatchObject(refused);
  });

  it('refuses a missing and a repeated signature', async () => {
    const without = await received(sample, {
      headers: (headers) => Object.entries(headers).filter(([name]) => name !== sample.signatureHeader),
    });
    expect(without).toMatchObject(refused);
    const twice = await received(sample, {
      headers: (headers) => [
        ...Object.entries(headers),
        [sample.signatureHeader.toUpperCase(), headers[sample.signatureHeader] ?? ''],
      ],
    });
    expect(twice).toEqual({ outcome: 'refused', reason: 'repeated-header' });
  });

  it('accepts a body that is not UTF-8 and keeps its bytes', async () => {
    const reception = await received(sample, { body: notUtf8 });
    if (reception.outcome !== 'events') throw new Error(JSON.stringify(reception));
    const [hook] = reception.hooks;
    const data = JSON.parse(String(hook?.data)) as { body_base64: string };
    expect(Buffer.from(data.body_base64, 'base64')).toEqual(notUtf8);
  });

  it('accepts an empty body with its own signature, and refuses one with another', async () => {
    expect(await received(sample, { body: Buffer.alloc(0) })).toMatchObject({ outcome: 'events' });
    if (sample.isOfBody)
      expect(await received(sample, { onTheWay: () => Buffer.alloc(0) })).toMatchObject(refused);
  });
});

describe.each(named(signedSamples.filter(({ isOfBody }) => isOfBody)))('the body of %s', (_name, sample) => {
  const changedAt = (body: Buffer, at: number): Buffer => {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  };

  it('must be the one that was signed, to the byte', async () => {
    expect(await received(sample, { onTheWay: (body) => changedAt(body, body.length - 2) })).toMatchObject(
      refused,
    );
    expect(await received(sample, { body: notUtf8, onTheWay: (body) => changedAt(body, 1) })).toMatchObject(
      refused,
    );
  });
});

const jsonBodies = signedSamples.filter(
  ({ isOfBody, contentType }) => isOfBody && contentType.includes('json'),
);

it.each(named(jsonBodies))('refuses a body of %s that was serialised again', async (_name, sample) => {
  const again = (body: Buffer): Buffer => Buffer.from(JSON.stringify(JSON.parse(body.toString())));
  expect(await received(sample, { onTheWay: again })).toMatchObject(refused);
});

describe.each(named(signedSamples.filter(({ isTimed }) => isTimed)))('the time of %s', (_name, sample) => {
  it.each([
    ['stale', String(nowSeconds - 301), 'timestamp-out-of-range'],
    ['in the future', String(nowSeconds + 301), 'timestamp-out-of-range'],
    ['no number', 'notanumber', 'malformed-timestamp'],
    ['more than digits', `${now}.0`, 'malformed-timestamp'],
    ['signed', `+${now}`, 'malformed-timestamp'],
  ])('must not be %s', async (_how, time, reason) => {
    expect(await received(sample, { time })).toEqual({ outcome: 'refused', reason });
  });

  it.each([-300, 300])('may differ by %i s', async (seconds) => {
    expect(await received(sample, { time: String(nowSeconds + seconds) })).toMatchObject({
      outcome: 'events',
    });
  });
});

const expected: Readonly<Record<string, readonly (readonly [string | null, string, string | null])[]>> = {
  'stripe (package)': [['evt_1', 'stripe.payment_intent.succeeded', 'stripe/cus_9']],
  'sendgrid (events)': [
    ['one', 'sendgrid.dropped', 'sendgrid/m1'],
    ['two', 'sendgrid.bounce', 'sendgrid/a@b.example'],
  ],
  'github (package)': [
    ['b8a2f1c0-0000-11ef-8000-000000000001', 'github.pull_request.opened', 'github/repository/4711'],
  ],
  'gitlab (token)': [[expect.stringMatching(/^gl-1\/[0-9a-f]{32}$/) as string, 'gitlab.push', 'gitlab/5']],
  'gitlab (signed)': [['msg_1', 'gitlab.push', 'gitlab/5']],
  'bitbucket (cloud)': [['req-1', 'bitbucket.repo.push', 'bitbucket/{r-1}']],
  'shopify (topics)': [
    ['shop-1', 'shopify.orders.create', 'shopify/one.myshopify.com/orders/820982911946154508'],
  ],
  'slack (events)': [['Ev1', 'slack.message', 'slack/T1/C1']],
  'twilio (form)': [['tw-1', 'twilio.message.delivered', 'twilio/SM1']],
  'twilio (json)': [['one', 'twilio.com.twilio.messaging.message.sent', 'twilio/SM1']],
  'cloudevents (structured)': [['/shop#1', 'cloudevents.order.paid', 'cloudevents/order-7']],
  'generic-hmac (time)': [['one', 'generic.order.paid', 'generic-hmac/9007199254740993']],
  'generic-token (basic)': [['one', 'generic.order.paid', 'generic-token/9007199254740993']],
  'standard-webhooks (webhook)': [['msg_1', 'standard_webhooks.contact.created', null]],
  'standard-webhooks (svix)': [['msg_1', 'standard_webhooks.contact.created', null]],
};

it.each(named(signedSamples))(
  'reads id, type and resource of %s, and keeps no secret',
  async (name, sample) => {
    const reception = await received(sample);
    if (reception.outcome !== 'events') throw new Error(JSON.stringify(reception));
    expect(reception.hooks.map(({ id, type, orderingKey }) => [id, type, orderingKey])).toEqual(
      expected[name],
    );
    expect(JSON.stringify(reception.headers)).not.toContain(sample.secret);
    expect(reception.headers).toMatchObject({ 'content-type': sample.contentType, ...sample.headers });
    expect(reception.headers).not.toHaveProperty([sample.signatureHeader]);
  },
);

it('has a sample of every provider', () => {
  expect([...new Set(signedSamples.map(({ provider }) => provider))].sort()).toEqual(
    [...providers.keys()].sort(),
  );
});

import { describe, expect, it } from 'vitest';
import { aSignedDelivery, generateSecret, verifyWebhook, webhookMiddleware } from '../index.ts';

/** Any value, as plain JavaScript passes it without type checks. */
type Anything = never;

describe('verifyWebhook', () => {
  const delivery = aSignedDelivery({ id: 'dlv_1', timestampSeconds: 1_700_000_000, event: { type: 'a.b' } });
  const input = { headers: delivery.headers, secrets: [delivery.secret], nowSeconds: 1_700_000_000 };

  it('returns id, time and event, from bytes or text', () => {
    for (const body of [delivery.body, delivery.body.toString(), new Uint8Array(delivery.body)]) {
      expect(verifyWebhook({ ...input, body })).toMatchObject({
        ok: true,
        id: 'dlv_1',
        sentAt: new Date(1_700_000_000_000),
        event: { type: 'a.b', data: { hello: 'world' } },
      });
    }
  });

  it('reads only the bytes of a view of a larger buffer', () => {
    const larger = new Uint8Array([1, 2, ...delivery.body, 3]);
    expect(verifyWebhook({ ...input, body: larger.subarray(2, -1) }).ok).toBe(true);
  });

  it('returns the reason of a refusal', () => {
    const other = { ...input, secrets: [generateSecret()], body: delivery.body };
    expect(verifyWebhook(other)).toEqual({ ok: false, reason: 'no-matching-signature' });
  });
});

describe('a receiver', () => {
  const delivery = aSignedDelivery();
  const { headers, body, secret } = delivery;
  const good = { headers, body, secrets: [secret] };

  it.each<[string, unknown]>([
    ['the argument of verifyWebhook must be an object, got undefined', undefined],
    ["the argument of verifyWebhook has no 'secret': did you mean 'secrets'?", { headers, body, secret }],
    [
      "there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']",
      { headers, body },
    ],
    [
      'secrets[0] must be text, got undefined: is the environment variable that holds it set?',
      { ...good, secrets: [undefined] },
    ],
    [
      'body must be the raw bytes (a Buffer) of the request, got an object: a signature covers the bytes as they came, so read them before a parser such as express.json() does',
      { ...good, body: { id: 'evt_1' } },
    ],
    ['body must be the raw bytes (a Buffer) of the request, got undefined', { ...good, body: undefined }],
    [
      'toleranceSeconds must be a number of seconds, 0 or more, got NaN',
      { ...good, toleranceSeconds: Number.NaN },
    ],
  ])('gets an error for an invalid argument: %s', (message, input) => {
    expect(() => verifyWebhook(input as Anything)).toThrow(new TypeError(message));
  });

  it.each<[string, unknown]>([
    ["the argument of webhookMiddleware has no 'secret': did you mean 'secrets'?", { secret }],
    ["there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']", {}],
    ["there is nothing to verify with: give secrets: ['whsec_…'] or publicKeys: ['whpk_…']", { secrets: [] }],
    [
      'secrets[1] must not be empty: is the environment variable that holds it set?',
      { secrets: [secret, ''] },
    ],
    [
      'secrets[0] must be text, got undefined: is the environment variable that holds it set?',
      { secrets: [undefined] },
    ],
    ["a public key is 'whpk_' and the base64 of 32 bytes", { publicKeys: ['x'] }],
    [
      'maxBytes must be a whole number from 1 to 9007199254740991, got NaN',
      { secrets: [secret], maxBytes: Number.NaN },
    ],
    ['dedupe.claim must be a function, got undefined', { secrets: [secret], dedupe: {} }],
    ["dedupe has no 'has': did you mean 'claim'?", { secrets: [secret], dedupe: { has: () => false } }],
    ['onRefused must be a function, got 1', { secrets: [secret], onRefused: 1 }],
  ])('cannot mount a middleware that verifies nothing: %s', (message, options) => {
    expect(() => webhookMiddleware(options as Anything)).toThrow(message);
  });
});

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { generateSecret, sign, signHeaders, verify } from './index.ts';

// The reference library in both directions: partners verify with it, and other senders sign with it.
describe('compatibility with the standardwebhooks package', () => {
  const secret = generateSecret();
  const reference = new Webhook(secret);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const bodies = ['{"a":1}', '{"text":"grüß dich 🌍"}', '[]', `{"long":"${'x'.repeat(30_000)}"}`];

  it.each(bodies)('it accepts our signature: %.40s', (text) => {
    const body = Buffer.from(text);
    const secrets = [generateSecret(), secret];
    const headers = signHeaders({ id: 'evt_1', timestampSeconds: nowSeconds, body, secrets });
    expect(reference.verify(text, { ...headers })).toEqual(JSON.parse(text));
  });

  it.each(bodies)('we accept its signature: %.40s', (text) => {
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(nowSeconds),
      'webhook-signature': reference.sign('evt_1', new Date(nowSeconds * 1000), text),
    };
    expect(verify({ headers, body: Buffer.from(text), secrets: [secret], nowSeconds }).ok).toBe(true);
  });

  it('differs for a body that is not UTF-8: it signs text, we sign bytes', () => {
    const body = Buffer.from([0x7b, 0xff, 0x7d]);
    const theirs = reference.sign('evt_1', new Date(nowSeconds * 1000), body);
    expect(sign({ id: 'evt_1', timestampSeconds: nowSeconds, body, secrets: [secret] })).not.toBe(theirs);
  });
});

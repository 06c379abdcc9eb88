import { describe, expect, it } from 'vitest';
import { prepareSecret, publicKeyOf, sign, signHeaders, verify } from './index.ts';

// The two vectors of the Standard Webhooks specification and its reference libraries.
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const timestampSeconds = 1_614_265_330;
const body = Buffer.from('{"test": 2432232314}');
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const privateKey =
  'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==';
const publicKey = 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=';
const v1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const v1a = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';

describe('the vectors of the specification', () => {
  it('signs v1', () => {
    expect(sign({ id, timestampSeconds, body, secrets: [secret] })).toBe(v1);
  });

  it('signs v1a', () => {
    expect(sign({ id, timestampSeconds, body, secrets: [privateKey] })).toBe(v1a);
  });

  it('signs with every secret in the given order, prepared or as text', () => {
    expect(sign({ id, timestampSeconds, body, secrets: [prepareSecret(privateKey), secret] })).toBe(
      `${v1a} ${v1}`,
    );
  });

  it('verifies v1 with the secret and v1a with the public key', () => {
    const headers = signHeaders({ id, timestampSeconds, body, secrets: [secret, privateKey] });
    const good = { ok: true, id, timestampSeconds };
    expect(verify({ headers, body, secrets: [secret], nowSeconds: timestampSeconds })).toEqual(good);
    expect(verify({ headers, body, publicKeys: [publicKey], nowSeconds: timestampSeconds })).toEqual(good);
  });

  it('derives the public key from the private key', () => {
    expect(publicKeyOf(privateKey)).toBe(publicKey);
  });
});

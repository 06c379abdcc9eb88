import { describe, expect, it } from 'vitest';
import { signedSamples } from '../testing/signed-samples.ts';
import { InboundHeaders, providers, signHook } from './index.ts';

const nowSeconds = 1_700_000_000;
const url = 'https://hooks.example/v1/sources/src_1';

describe('the signature of a request of a test', () => {
  it.each(signedSamples.map((sample) => [sample.provider, sample.variant, sample] as const))(
    'is accepted as that of %s: %s, and not for another body or secret',
    (name, _, sample) => {
      const provider = providers.get(name);
      if (provider === undefined) throw new Error(`no provider ${name}`);
      const body = Buffer.from(sample.body);
      const { secret, wrongSecret, contentType, options = {}, trusted = (one: string) => one } = sample;
      const fullUrl = url + (sample.query?.(body) ?? '');
      const signed = signHook(name, {
        ...{ body, contentType, secret, options, nowSeconds, id: 'msg_1', url: fullUrl },
      });
      const headers = new InboundHeaders(Object.entries({ 'content-type': contentType, ...signed }).flat());
      const against = { options, nowSeconds, secrets: [trusted(secret)] };
      expect(provider.verify({ url: fullUrl, headers, body }, against)).toBeNull();
      const other = { ...against, secrets: [trusted(wrongSecret)] };
      expect(provider.verify({ url: fullUrl, headers, body }, other)).toBe('no-matching-signature');
    },
  );

  it('can be made for each provider', () => {
    const known = new Set(signedSamples.map(({ provider }) => provider));
    expect([...providers.keys()].filter((name) => !known.has(name))).toEqual([]);
    const hook = { body: Buffer.of(), contentType: '', secret: '', options: {}, nowSeconds, id: '1', url };
    expect(() => signHook('other', hook)).toThrow("there is no provider 'other'");
  });
});

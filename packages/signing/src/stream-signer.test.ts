import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { generateKeyPair, generateSecret, sign, signPlain, streamSigner } from './index.ts';

const body = randomBytes(300_000);
const [secret, old, pair] = [generateSecret(), generateSecret(), generateKeyPair()];
const message = { id: 'msg_1', timestampSeconds: 1_700_000_000, secrets: [secret, pair.secret, old] };

const signed = (size: number) => {
  const signer = streamSigner({ ...message, plainSecret: secret });
  for (let at = 0; at < body.length; at += size) signer.update(body.subarray(at, at + size));
  return signer.finish();
};

it.each([1_000, 65_536, 300_000])('signs a body in chunks of %i bytes as it signs the whole', (size) => {
  expect(signed(size)).toEqual({
    signature: sign({ ...message, body }),
    plainSignature: signPlain({ body, secret }),
  });
});

it('signs in the plain style only on request, and refuses what sign refuses', () => {
  expect(streamSigner({ ...message, plainSecret: null }).finish().plainSignature).toBeNull();
  expect(() => streamSigner({ ...message, id: 'a.b', plainSecret: null })).toThrow('contain a dot');
  expect(() => streamSigner({ ...message, secrets: [], plainSecret: null })).toThrow('no secret');
});

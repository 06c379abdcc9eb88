/** Another form of a secret that may be the one in use. `description` is a sentence that does not quote it. */
export type SecretForm = Readonly<{ secret: string; description: string }>;

const prefix = 'whsec_';
const keyed = (bytes: Buffer): string => prefix + bytes.toString('base64');
const isHex = (text: string): boolean => /^([0-9a-f]{2})+$/i.test(text);

/** Yields the forms that people copy instead of the secret, for a scheme whose key is decoded from `whsec_…` or not. */
export function* secretForms(secret: string, isDecoded: boolean): Generator<SecretForm> {
  const bare = secret.trim().replace(/^(["'])(.*)\1$/, '$2');
  if (bare !== secret)
    yield { secret: bare, description: 'The secret was given with white space or quotes around it.' };
  const encoded = bare.startsWith(prefix) ? bare.slice(prefix.length) : bare;
  if (!isDecoded) {
    if (encoded !== bare)
      yield { secret: encoded, description: "The sender uses the secret without its prefix 'whsec_'." };
    else
      yield {
        secret: prefix + bare,
        description: "The secret lacks its prefix 'whsec_', which is part of it.",
      };
    yield {
      secret: Buffer.from(bare, 'base64').toString('utf8'),
      description: 'The secret was given in base64: give it decoded.',
    };
    if (isHex(bare))
      yield {
        secret: Buffer.from(bare, 'hex').toString('utf8'),
        description: 'The secret was given in hexadecimal: give it decoded.',
      };
    return;
  }
  if (isHex(encoded))
    yield {
      secret: keyed(Buffer.from(encoded, 'hex')),
      description: "The secret is in hexadecimal: it must be 'whsec_' and base64.",
    };
  yield {
    secret: keyed(Buffer.from(encoded.replace(/=+$/, ''), 'base64url')),
    description: "The secret is not in the base64 of the standard, with '+', '/' and padding.",
  };
  for (const text of new Set([bare, encoded])) {
    yield {
      secret: keyed(Buffer.from(text)),
      description:
        'The sender uses the text of the secret as the key instead of the bytes that its base64 has.',
    };
  }
}

import { decided, verifyBy } from '../body-check.ts';
import { bytesOfBase64, isAnySecret } from '../constant-time.ts';
import { headersIn, locate } from '../locator.ts';
import {
  type BodyCheck,
  type Hook,
  lengthFault,
  type Provider,
  type RequestHead,
  type SourceOptions,
  type Verification,
} from '../provider.ts';
import { locators } from './generic-hmac.ts';

const headerOf = ({ header }: SourceOptions): string =>
  typeof header === 'string' ? header : 'authorization';

/** Returns the credential in a header; null if it is of another scheme. */
function credentialOf(value: string, scheme: string): string | null {
  if (scheme === 'plain') return value;
  const [, given = '', credential = ''] = /^(\S+) +(.+)$/.exec(value) ?? [];
  if (given.toLowerCase() !== scheme) return null;
  return scheme === 'basic' ? (bytesOfBase64(credential)?.toString('latin1') ?? null) : credential;
}

const credentialIn = (headers: Hook['headers'], options: SourceOptions): string | null => {
  const { scheme = 'bearer' } = options;
  return credentialOf(headers.get(headerOf(options)) ?? '', String(scheme));
};

const checkBody = ({ headers }: RequestHead, { secrets, options }: Verification): BodyCheck =>
  decided(isAnySecret(secrets, credentialIn(headers, options) ?? '') ? null : 'no-matching-signature');

/** Any sender that identifies itself by a secret in a header, and does not sign. */
export const genericToken: Provider = {
  name: 'generic-token',
  typePrefix: 'generic',
  maxBytes: 25 * 1024 * 1024,
  contentTypes: undefined,
  answerWithinMs: 10_000,
  retrySpanSeconds: 86_400,
  options: {
    header: {
      ...{ type: 'string', minLength: 1, maxLength: 100, pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
      description: 'The header with the secret. Default: Authorization.',
    },
    scheme: {
      type: 'string',
      enum: ['bearer', 'basic', 'plain'],
      description:
        'Form of the header: `Bearer <secret>` (default), Basic with the secret as `<user>:<password>`, or the secret alone.',
    },
    ...locators,
  },
  reads: (options) => [headerOf(options), ...headersIn(options, Object.keys(locators))],
  credentials: (options) => [headerOf(options)],
  secretFault: (secret, { scheme }) =>
    scheme === 'basic' && !secret.includes(':') ? "must be '<user>:<password>'" : lengthFault(secret),
  checkHeaders: (headers, { options }) => {
    if (headers.get(headerOf(options)) === undefined) return 'missing-signature';
    return credentialIn(headers, options) === null ? 'malformed-signature' : null;
  },
  verify: verifyBy(checkBody),
  checkBody,
  id: (hook) => locate(hook, 'id'),
  type: (hook) => locate(hook, 'type'),
  orderingKey: (hook) => locate(hook, 'ordering_key'),
};

import { preparePublicKey, prepareSecret, SigningError, verify } from '@tidings/signing';
import type { InboundHeaders } from '../headers.ts';
import { locate, locatorOption } from '../locator.ts';
import { textAt } from '../payload.ts';
import type { HeaderCheck, HookFailure, InboundRequest, Provider, Verification } from '../provider.ts';
import { timestampFault } from '../timestamp.ts';

const parts = ['id', 'timestamp', 'signature'] as const;
const reasons: Readonly<Record<string, HookFailure>> = {
  'missing-id': 'missing-signature',
  'missing-timestamp': 'malformed-timestamp',
  'missing-signature': 'missing-signature',
  'malformed-id': 'malformed-signature',
  'malformed-timestamp': 'malformed-timestamp',
  'timestamp-too-old': 'timestamp-out-of-range',
  'timestamp-too-new': 'timestamp-out-of-range',
};

/** Returns the beginning of the names of the three headers. Svix sends its own beside or instead of the standard's. */
const prefixOf = ({ headers }: Pick<InboundRequest, 'headers'>): string =>
  headers.get('webhook-signature') === undefined && headers.get('svix-signature') !== undefined
    ? 'svix-'
    : 'webhook-';

/** The headers of the standard, and those of Svix. */
export const standardHeaders: readonly string[] = parts.flatMap((part) => [
  `webhook-${part}`,
  `svix-${part}`,
]);

/** Returns the fault of the three headers that shows without the body; null if there is none. */
function standardHeaderFault(
  headers: InboundHeaders,
  { nowSeconds }: Pick<HeaderCheck, 'nowSeconds'>,
): HookFailure | null {
  const prefix = prefixOf({ headers });
  if (headers.get(`${prefix}signature`) === undefined || headers.get(`${prefix}id`) === undefined)
    return 'missing-signature';
  return timestampFault(headers.get(`${prefix}timestamp`), nowSeconds);
}

const isPublicKey = (secret: string): boolean => secret.startsWith('whpk_');

/** Verifies `webhook-id`, `webhook-timestamp` and `webhook-signature`: v1 by secrets, v1a by public keys. */
export function verifyStandard(
  request: InboundRequest,
  { secrets, nowSeconds }: Pick<Verification, 'secrets' | 'nowSeconds'>,
): HookFailure | null {
  const prefix = prefixOf(request);
  const headers = Object.fromEntries(
    parts.map((part) => [`webhook-${part}`, request.headers.get(`${prefix}${part}`)]),
  );
  const result = verify({
    ...{ headers, body: request.body, nowSeconds },
    secrets: secrets.filter((secret) => !isPublicKey(secret)),
    publicKeys: secrets.filter(isPublicKey),
  });
  return result.ok ? null : (reasons[result.reason] ?? 'no-matching-signature');
}

/** Returns the fault of a secret of the standard. */
export function standardSecretFault(secret: string): string | null {
  try {
    if (isPublicKey(secret)) preparePublicKey(secret);
    else if (prepareSecret(secret).scheme !== 'v1') return "must be 'whsec_…' or the public key 'whpk_…'";
    return null;
  } catch (error) {
    // The message describes the fault without the secret.
    if (error instanceof SigningError) return error.message;
    throw error;
  }
}

/** Returns the id in the headers of the standard; null without one. */
export const standardId = (request: Pick<InboundRequest, 'headers'>): string | null =>
  request.headers.get(`${prefixOf(request)}id`) ?? null;

/** https://www.standardwebhooks.com, as sent by OpenAI, Clerk, Resend, Supabase and others, and the `svix-*` headers. */
export const standardWebhooks: Provider = {
  name: 'standard-webhooks',
  typePrefix: 'standard_webhooks',
  maxBytes: 1_000_000,
  contentTypes: ['application/json'],
  answerWithinMs: 15_000,
  // The usual schedule ends after 27.6 hours.
  retrySpanSeconds: 3 * 86_400,
  options: { ordering_key: locatorOption('the resource whose events stay in order') },
  reads: () => standardHeaders,
  secretFault: standardSecretFault,
  checkHeaders: standardHeaderFault,
  verify: verifyStandard,
  id: standardId,
  type: ({ payload: { value } }) => textAt(value, 'type'),
  orderingKey: (hook) => locate(hook, 'ordering_key'),
};

import { createHash } from 'node:crypto';
import { decided } from '../body-check.ts';
import { isAnySecret } from '../constant-time.ts';
import { type Payload, textAt } from '../payload.ts';
import {
  type HookFailure,
  lengthFault,
  type Provider,
  type RequestHead,
  type Verification,
} from '../provider.ts';
import { standardHeaders, standardId, standardSecretFault, verifyStandard } from './standard-webhooks.ts';

const tokenHeader = 'x-gitlab-token';
const isSigning = (secret: string): boolean => secret.startsWith('whsec_');

const sha256Of = ({ data, sha256 }: Payload): string =>
  sha256 ?? createHash('sha256').update(data).digest('hex');

/** Returns the signing tokens by which a request is verified; null if its secret token decides. */
function signingOf({ headers }: RequestHead, { secrets }: Verification): readonly string[] | null {
  const signing = secrets.filter(isSigning);
  return headers.get('webhook-signature') !== undefined && signing.length > 0 ? signing : null;
}

function tokenFault({ headers }: RequestHead, { secrets }: Verification): HookFailure | null {
  const token = headers.get(tokenHeader);
  if (token === undefined) return 'missing-signature';
  const tokens = secrets.filter((secret) => !isSigning(secret));
  return isAnySecret(tokens, token) ? null : 'no-matching-signature';
}

/**
 * https://docs.gitlab.com/user/project/integrations/webhooks: a token, or (from 19.0) a signing token `whsec_…` as in
 * Standard Webhooks. A source with both accepts either; without a token, an unsigned request is refused.
 */
export const gitlab: Provider = {
  name: 'gitlab',
  typePrefix: 'gitlab',
  maxBytes: 25 * 1024 * 1024,
  contentTypes: ['application/json'],
  answerWithinMs: 10_000,
  // It never repeats by itself; a request can be resent by hand.
  retrySpanSeconds: 3 * 86_400,
  neverRepeats: true,
  options: {},
  reads: () => [...standardHeaders, tokenHeader, 'x-gitlab-event', 'x-gitlab-event-uuid', 'idempotency-key'],
  credentials: () => [tokenHeader],
  secretFault: (secret) => (isSigning(secret) ? standardSecretFault(secret) : lengthFault(secret)),
  // Which of the two counts depends on the secrets, so a time is checked with the signature.
  checkHeaders: (headers) =>
    headers.get(tokenHeader) === undefined && headers.get('webhook-signature') === undefined
      ? 'missing-signature'
      : null,
  verify: (request, against) => {
    const signing = signingOf(request, against);
    if (signing === null) return tokenFault(request, against);
    return verifyStandard(request, { secrets: signing, nowSeconds: against.nowSeconds });
  },
  // A signature covers the whole body.
  checkBody: (head, against) =>
    signingOf(head, against) === null ? decided(tokenFault(head, against)) : null,
  id: ({ headers, payload }) => {
    const id = standardId({ headers }) ?? headers.get('idempotency-key');
    if (id !== undefined && id !== null) return id;
    const event = headers.get('x-gitlab-event-uuid');
    // Hooks that one hook causes share its UUID: another body is another event.
    return event === undefined ? null : `${event}/${sha256Of(payload).slice(0, 32)}`;
  },
  type: ({ headers, payload: { value } }) => {
    const kind = textAt(value, 'object_kind') ?? textAt(value, 'event_name');
    if (kind === null)
      return (
        headers
          .get('x-gitlab-event')
          ?.replace(/ Hook$/, '')
          .toLowerCase() ?? null
      );
    const action = textAt(value, 'object_attributes', 'action');
    return action === null ? kind : `${kind}.${action}`;
  },
  orderingKey: ({ payload: { value } }) =>
    textAt(value, 'project', 'id') ?? textAt(value, 'project_id') ?? textAt(value, 'group_id'),
};

import { createHash } from 'node:crypto';
import { isAnySecret } from '../constant-time.ts';
import { textAt } from '../payload.ts';
import { lengthFault, type Provider } from '../provider.ts';
import { standardHeaders, standardId, standardSecretFault, verifyStandard } from './standard-webhooks.ts';

const tokenHeader = 'x-gitlab-token';
const isSigning = (secret: string): boolean => secret.startsWith('whsec_');

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
  verify: (request, { secrets, nowSeconds }) => {
    const signing = secrets.filter(isSigning);
    const isSigned = request.headers.get('webhook-signature') !== undefined;
    if (isSigned && signing.length > 0) return verifyStandard(request, { secrets: signing, nowSeconds });
    const token = request.headers.get(tokenHeader);
    if (token === undefined) return 'missing-signature';
    const tokens = secrets.filter((secret) => !isSigning(secret));
    return isAnySecret(tokens, token) ? null : 'no-matching-signature';
  },
  id: ({ headers, payload }) => {
    const id = standardId({ headers }) ?? headers.get('idempotency-key');
    if (id !== undefined && id !== null) return id;
    const event = headers.get('x-gitlab-event-uuid');
    // Hooks that one hook causes share its UUID: another body is another event.
    return event === undefined
      ? null
      : `${event}/${createHash('sha256').update(payload.data).digest('hex').slice(0, 32)}`;
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

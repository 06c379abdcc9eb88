import { verifyBy } from '../body-check.ts';
import { textAt } from '../payload.ts';
import { lengthFault, type Provider, requireHeader } from '../provider.ts';
import { hubSignature } from './github.ts';

const header = 'x-hub-signature';

/** https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks: SHA-256 under the name of GitHub's SHA-1 header. */
export const bitbucket: Provider = {
  name: 'bitbucket',
  typePrefix: 'bitbucket',
  maxBytes: 256 * 1024,
  contentTypes: ['application/json'],
  answerWithinMs: 10_000,
  // Two more attempts after a 5xx, soon after.
  retrySpanSeconds: 3_600,
  options: {},
  reads: () => [header, 'x-request-uuid', 'x-event-key'],
  secretFault: lengthFault,
  checkHeaders: requireHeader(header),
  verify: verifyBy(hubSignature(header)),
  id: ({ headers }) => headers.get('x-request-uuid') ?? null,
  type: ({ headers }) => headers.get('x-event-key') ?? null,
  orderingKey: ({ payload: { value } }) => textAt(value, 'repository', 'uuid'),
};

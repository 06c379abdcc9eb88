import { checkHmac, verifyBy } from '../body-check.ts';
import { textAt, valueInForm } from '../payload.ts';
import {
  type BodyCheck,
  lengthFault,
  type Provider,
  type RequestHead,
  requireHeader,
  type Verification,
} from '../provider.ts';

const header = 'x-hub-signature-256';

/** Returns the check of a body by a header `sha256=<hex>` with its HMAC. */
export const hubSignature =
  (name: string) =>
  ({ headers }: RequestHead, { secrets }: Verification): BodyCheck =>
    checkHmac({ secrets, prefix: 'sha256=', given: [headers.get(name) ?? ''] });

const joined = (...parts: readonly (string | null | undefined)[]): string | null => {
  const named = parts.filter((part) => part != null);
  return named.length === 0 ? null : named.join('.');
};

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries. It never repeats by itself. */
export const github: Provider = {
  name: 'github',
  typePrefix: 'github',
  maxBytes: 25 * 1024 * 1024,
  contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
  answerWithinMs: 10_000,
  // A redelivery, by hand or API, is possible for 3 days.
  retrySpanSeconds: 3 * 86_400,
  neverRepeats: true,
  options: {},
  reads: () => [header, 'x-github-delivery', 'x-github-event'],
  secretFault: lengthFault,
  checkHeaders: requireHeader(header),
  verify: verifyBy(hubSignature(header)),
  checkBody: hubSignature(header),
  id: ({ headers }) => headers.get('x-github-delivery') ?? null,
  type: ({ headers, payload: { value } }) => {
    const event = headers.get('x-github-event');
    return event === undefined ? null : joined(event, textAt(valueInForm(value), 'action'));
  },
  orderingKey: ({ payload: { value } }) => {
    const body = valueInForm(value);
    for (const resource of ['repository', 'organization', 'installation']) {
      const id = textAt(body, resource, 'id');
      if (id !== null) return `${resource}/${id}`;
    }
    return null;
  },
};

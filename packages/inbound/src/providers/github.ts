import { hmacOf, isAnyEqual } from '../constant-time.ts';
import { textAt, valueInForm } from '../payload.ts';
import {
  type HookFailure,
  type InboundRequest,
  lengthFault,
  type Provider,
  requireHeader,
  type Verification,
} from '../provider.ts';

const header = 'x-hub-signature-256';

/** Verifies a header `sha256=<hex>` with the HMAC of the body. */
export function verifyHubSignature(
  { headers, body }: InboundRequest,
  { secrets }: Verification,
  name: string,
): HookFailure | null {
  const signature = headers.get(name) ?? '';
  const expected = secrets.map((secret) => `sha256=${hmacOf(secret, [body])}`);
  return isAnyEqual(expected, [signature]) ? null : 'no-matching-signature';
}

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
  verify: (request, against) => verifyHubSignature(request, against, header),
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

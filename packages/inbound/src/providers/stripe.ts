import { checkHmac, verifyBy } from '../body-check.ts';
import { textAt, valueAt } from '../payload.ts';
import {
  type BodyCheck,
  type HookFailure,
  lengthFault,
  type Provider,
  type RequestHead,
} from '../provider.ts';
import { timestampFault } from '../timestamp.ts';

const header = 'stripe-signature';
// The rest is ignored: an account has a handful of secrets.
const maxSignatures = 20;
const valuesOf = (parts: readonly string[], name: string): readonly string[] =>
  parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));

const partsOf = (text: string): readonly string[] => text.split(',').map((part) => part.trim());

/** Returns the fault of a header `t=<seconds>,v1=<hex>[,v1=…]` that shows without the body; null if there is none. */
export function timedListFault(
  given: string | undefined,
  nowSeconds: number,
  toleranceSeconds?: number,
): HookFailure | null {
  if (given === undefined) return 'missing-signature';
  const times = valuesOf(partsOf(given), 't');
  return times.length === 1 ? timestampFault(times[0], nowSeconds, toleranceSeconds) : 'malformed-signature';
}

/**
 * Returns the check of a body by a header that {@link timedListFault} has checked: the HMAC of `<t>.<body>`, with the secret as
 * it is, `whsec_` included.
 */
export function timedListCheck(
  { headers }: RequestHead,
  secrets: readonly string[],
  name: string,
): BodyCheck {
  const parts = partsOf(headers.get(name) ?? '');
  const [time] = valuesOf(parts, 't');
  return checkHmac({ secrets, before: `${time}.`, given: valuesOf(parts, 'v1').slice(0, maxSignatures) });
}

const idOf = (value: unknown): string | null => textAt(value) ?? textAt(value, 'id');

/** https://docs.stripe.com/webhooks/signature: a header with a time and a signature for each secret. */
export const stripe: Provider = {
  name: 'stripe',
  typePrefix: 'stripe',
  maxBytes: 1_000_000,
  contentTypes: ['application/json'],
  // Not documented.
  answerWithinMs: 10_000,
  retrySpanSeconds: 3 * 86_400,
  options: {},
  reads: () => [header],
  secretFault: (secret) => (secret.startsWith('whsec_') ? lengthFault(secret) : "must begin with 'whsec_'"),
  checkHeaders: (headers, { nowSeconds }) => timedListFault(headers.get(header), nowSeconds),
  verify: verifyBy((head, { secrets }) => timedListCheck(head, secrets, header)),
  id: ({ payload: { value } }) => textAt(value, 'id'),
  type: ({ payload: { value } }) => textAt(value, 'type'),
  orderingKey: ({ payload: { value } }) => {
    const object = valueAt(value, 'data', 'object');
    const customer =
      textAt(object, 'object') === 'customer' ? textAt(object, 'id') : idOf(valueAt(object, 'customer'));
    const resource = customer ?? idOf(valueAt(object, 'subscription')) ?? textAt(object, 'id');
    if (resource === null) return null;
    // Connect: ids of objects belong to an account.
    const account = textAt(value, 'account');
    return account === null ? resource : `${account}/${resource}`;
  },
};

import { hmacOf, isAnyEqual } from '../constant-time.ts';
import { textAt, valueAt } from '../payload.ts';
import {
  type HookFailure,
  type InboundRequest,
  lengthFault,
  type Provider,
  type Verification,
} from '../provider.ts';
import { timestampFault } from '../timestamp.ts';

const header = 'stripe-signature';
// The rest is ignored: an account has a handful of secrets.
const maxSignatures = 20;
const valuesOf = (parts: readonly string[], name: string): readonly string[] =>
  parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));

/** Verifies `t=<seconds>,v1=<hex>[,v1=…]`: the HMAC of `<t>.<body>`, with the secret as it is, `whsec_` included. */
export function verifyTimedList(
  { headers, body }: InboundRequest,
  { secrets, nowSeconds }: Verification,
  { name, toleranceSeconds }: Readonly<{ name: string; toleranceSeconds?: number }>,
): HookFailure | null {
  const given = headers.get(name);
  if (given === undefined) return 'missing-signature';
  const parts = given.split(',').map((part) => part.trim());
  const times = valuesOf(parts, 't');
  const [time] = times;
  if (time === undefined || times.length > 1) return 'malformed-signature';
  const fault = timestampFault(time, nowSeconds, toleranceSeconds);
  if (fault !== null) return fault;
  const expected = secrets.map((secret) => hmacOf(secret, [`${time}.`, body]));
  return isAnyEqual(expected, valuesOf(parts, 'v1').slice(0, maxSignatures)) ? null : 'no-matching-signature';
}

const idOf = (value: unknown): string | null => textAt(value) ?? textAt(value, 'id');

/** https://docs.stripe.com/webhooks/signature: a header with a time and a signature for each secret. */
export const stripe: Provider = {
  name: 'stripe',
  typePrefix: 'stripe',
  maxBytes: 1_000_000,
  contentTypes: ['application/json'],
  retrySpanSeconds: 3 * 86_400,
  options: {},
  reads: () => [header],
  secretFault: (secret) => (secret.startsWith('whsec_') ? lengthFault(secret) : "must begin with 'whsec_'"),
  verify: (request, against) => verifyTimedList(request, against, { name: header }),
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

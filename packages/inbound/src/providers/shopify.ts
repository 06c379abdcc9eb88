import { checkHmac, verifyBy } from '../body-check.ts';
import { textAt } from '../payload.ts';
import {
  type BodyCheck,
  type Hook,
  lengthFault,
  type Provider,
  type RequestHead,
  type Verification,
} from '../provider.ts';

// The Events product sends the names without `x-`.
const named = (name: string): readonly string[] => [`x-shopify-${name}`, `shopify-${name}`];
const valueIn = (headers: Hook['headers'], name: string): string | null => {
  const [old = '', recent = ''] = named(name);
  return headers.get(old) ?? headers.get(recent) ?? null;
};

const checkBody = ({ headers }: RequestHead, { secrets }: Verification): BodyCheck =>
  checkHmac({ secrets, encoding: 'base64', given: [valueIn(headers, 'hmac-sha256') ?? ''] });

/** https://shopify.dev/docs/apps/build/webhooks: HMAC in base64, with the client secret of the app. */
export const shopify: Provider = {
  name: 'shopify',
  typePrefix: 'shopify',
  maxBytes: 10 * 1024 * 1024,
  contentTypes: ['application/json'],
  answerWithinMs: 5_000,
  // 8 attempts over 4 hours.
  retrySpanSeconds: 4 * 3_600,
  options: {},
  reads: () => ['hmac-sha256', 'webhook-id', 'topic', 'shop-domain'].flatMap(named),
  secretFault: lengthFault,
  checkHeaders: (headers) => (valueIn(headers, 'hmac-sha256') === null ? 'missing-signature' : null),
  verify: verifyBy(checkBody),
  checkBody,
  id: ({ headers }) => valueIn(headers, 'webhook-id'),
  type: ({ headers }) => valueIn(headers, 'topic'),
  orderingKey: ({ headers, payload: { value } }) => {
    const [resource = ''] = (valueIn(headers, 'topic') ?? '').split('/', 1);
    const order = textAt(value, 'order_id');
    const id = textAt(value, 'id');
    const object = order === null ? (id === null ? null : `${resource}/${id}`) : `orders/${order}`;
    const shop = valueIn(headers, 'shop-domain');
    return object === null ? shop : `${shop ?? ''}/${object}`;
  },
};

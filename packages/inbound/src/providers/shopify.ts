import { checkHmac, verifyBy } from '../body-check.ts';
import { textAt } from '../payload.ts';
import {
  type BodyCheck,
  type HeaderCheck,
  type Hook,
  type HookFailure,
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

const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Returns the fault of the time of the event, which is not signed; null without a tolerance. */
function triggeredFault(headers: Hook['headers'], { options, nowSeconds }: HeaderCheck): HookFailure | null {
  const tolerance = options['tolerance_seconds'];
  if (tolerance === undefined) return null;
  const text = valueIn(headers, 'triggered-at') ?? '';
  const seconds = dateTime.test(text) ? Date.parse(text) / 1_000 : Number.NaN;
  if (Number.isNaN(seconds)) return 'malformed-timestamp';
  return Math.abs(seconds - nowSeconds) > Number(tolerance) ? 'timestamp-out-of-range' : null;
}

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
  options: {
    tolerance_seconds: {
      type: 'integer',
      minimum: 1,
      maximum: 604_800,
      description:
        'Accepted difference of X-Shopify-Triggered-At in both directions. Default: no limit, since a retry keeps it for four hours.',
    },
  },
  reads: () => ['hmac-sha256', 'webhook-id', 'topic', 'shop-domain', 'triggered-at'].flatMap(named),
  secretFault: lengthFault,
  checkHeaders: (headers, against) =>
    valueIn(headers, 'hmac-sha256') === null ? 'missing-signature' : triggeredFault(headers, against),
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

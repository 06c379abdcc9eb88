import { decodeSubscription, encodeSubscription, topics } from '@tidings/contracts';
import { parseUrl } from '@tidings/runtime';
import { defineDocuments } from '../registry/define-documents.ts';
import { masked } from '../registry/domain/audit-entry.ts';
import { recordOf, type Subscription } from './domain/subscription.ts';
import { fields, fromFields, type SubscriptionFields, toFields } from './subscription-fields.ts';

// Masks the query and the user part, which often contain credentials.
function maskedUrl(url: unknown): unknown {
  const parsed = typeof url === 'string' ? parseUrl(url) : null;
  if (parsed === null) return masked;
  for (const name of parsed.searchParams.keys()) parsed.searchParams.set(name, masked);
  if (parsed.password !== '') parsed.password = masked;
  return parsed.href;
}

const maskedIn =
  (field: string) =>
  (list: unknown): unknown =>
    (list as readonly object[]).map((one) => ({ ...one, [field]: masked }));

/** Document definition of subscriptions in the registry. */
export const subscriptionKind = defineDocuments<Subscription, SubscriptionFields>({
  name: 'subscription',
  title: 'subscription',
  states: ['active', 'disabled', 'deleted'],
  collection: 'subscriptions',
  topic: topics.subscriptions,
  keyPrefix: '',
  fields,
  indexes: [{ workspace_id: 1, consumer_id: 1, _id: -1 }, { next_secret_expiry_ms: 1 }, { test_owed: 1 }],
  schemaVersion: 6,
  steps: {
    1: (document) => ({ ...document, on_enable: 'redrive' }),
    2: (document) => ({ ...document, unaudited: false, audit: null }),
    3: (document) => ({
      ...document,
      secret_headers: [],
      verify: 'none',
      request_origin: null,
      test_owed: false,
    }),
    4: (document) => ({ ...document, tls: null }),
    5: (document) => ({ ...document, counted_version: document['enabled_version'] }),
  },
  toFields,
  fromFields,
  encode: (subscription) => encodeSubscription(recordOf(subscription)),
  recordInfoOf: (record) => {
    const { version, countedVersion, state } = decodeSubscription(record);
    return { version, countedVersion, isDeleted: state === 'deleted' };
  },
  masks: {
    endpoint_url: maskedUrl,
    headers: maskedIn('value'),
    secret_headers: maskedIn('sealed'),
    secrets: maskedIn('sealed'),
    tls: (value) => (value === null ? null : { ...(value as object), sealed: masked }),
  },
  logFields: ({ id, workspaceId, consumerId: owner, version, state }) => ({
    workspaceId,
    consumerId: owner,
    subscriptionId: id,
    version,
    state,
  }),
});

import { decodeSubscription, encodeSubscription, topics } from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import { maskedIn } from './domain/audit-masks.ts';
import { masksOf } from './domain/setting.ts';
import { settingsTable } from './domain/settings.ts';
import { recordOf, type Subscription } from './domain/subscription.ts';
import { fields, fromFields, type SubscriptionFields, toFields } from './subscription-fields.ts';

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
  unversioned: { test_owed: false },
  schemaVersion: 7,
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
    6: (document) => ({ ...document, audience: 'external' }),
    7: (document) => ({ ...document, large_payloads: 'full' }),
  },
  toFields,
  fromFields,
  encode: (subscription) => encodeSubscription(recordOf(subscription)),
  recordInfoOf: (record) => {
    const { version, countedVersion, state } = decodeSubscription(record);
    return { version, countedVersion, isDeleted: state === 'deleted' };
  },
  masks: {
    ...masksOf(settingsTable),
    secrets: (secrets) => maskedIn(secrets as readonly object[], 'sealed'),
  },
  logFields: ({ id, workspaceId, consumerId: owner, version, state }) => ({
    workspaceId,
    consumerId: owner,
    subscriptionId: id,
    version,
    state,
  }),
});

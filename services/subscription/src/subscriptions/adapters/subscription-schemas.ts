import { failureReasons } from '@tidings/contracts';
import { errorDetailSchema, type JsonSchema, named, pageSchema } from '@tidings/http';
import { exchangeProperties } from '@tidings/webhook-request';
import { eventSettings } from '../domain/event-settings.ts';
import { requestSettings } from '../domain/request-settings.ts';
import { eachField } from '../domain/setting.ts';
import { secretExample, subscriptionExample, testExample } from './subscription-examples.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;
const flag = { type: 'boolean' } as const;

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const states = ['active', 'disabled', 'deleted'];
const propagated = {
  ...flag,
  description: 'Whether the topic that the services read has acknowledged this version.',
} as const;

/** A secret, shown only by name and times. */
const secretSchema = named(
  'SigningSecret',
  object({
    id: text,
    public_key: textOrNull,
    created_at: time,
    expires_at: {
      ...timeOrNull,
      description: 'Time at which the secret stops signing; null for the newest.',
    },
  }),
);

/** A subscription as `subscriptionView` writes it. */
export const subscriptionSchema = named(
  'Subscription',
  object({
    id: text,
    workspace_id: text,
    consumer_id: textOrNull,
    kind: { enum: ['webhook', 'operational'] },
    ...eachField(eventSettings, ({ shown }) => shown),
    public_key: { ...textOrNull, description: 'Key that verifies signatures of style v1a.' },
    secrets: { type: 'array', items: secretSchema },
    ...eachField(requestSettings, ({ shown }) => shown),
    state: { enum: states },
    is_active: flag,
    disabled_at: timeOrNull,
    disabled_reason: textOrNull,
    last_delivery_at: timeOrNull,
    failure_count: {
      type: ['integer', 'null'],
      description: 'Number of consecutive failures; null if it is unavailable.',
    },
    version: { type: 'integer' },
    created_at: time,
    updated_at: time,
    propagated,
  }),
  subscriptionExample,
);

/** A page of subscriptions. */
export const listSchema = named('SubscriptionPage', pageSchema(subscriptionSchema));

/** A subscription with its secret, which is shown once. */
export const subscriptionWithSecretSchema = named(
  'SubscriptionWithSecret',
  object({
    ...subscriptionSchema.properties,
    secret: { ...textOrNull, description: 'Shown only in this response; null for a generated key pair.' },
  }),
  { ...subscriptionExample, secret: secretExample },
);

/** Warnings about accepted settings. */
export const warningsSchema = {
  type: 'array',
  items: errorDetailSchema,
  description:
    'Warnings about accepted values, e.g. a name that has no address in DNS, or a condition on a field that the event types do not have.',
} as const;

/** Response to a creation. */
export const createdSchema = named(
  'CreatedSubscription',
  object({ ...subscriptionWithSecretSchema.properties, warnings: warningsSchema }),
  { ...subscriptionExample, secret: secretExample, warnings: [] },
);

/** Response to a change. */
export const changedSchema = named(
  'ChangedSubscription',
  object({ ...subscriptionSchema.properties, warnings: warningsSchema }),
  { ...subscriptionExample, version: 2, warnings: [] },
);

/** The remaining fields of a deleted subscription. */
export const deletedSchema = named(
  'DeletedSubscription',
  object({
    id: text,
    state: { enum: states },
    version: { type: 'integer' },
    propagated,
  }),
  { id: subscriptionExample.id, state: 'deleted', version: 2, propagated: true },
);

/** Result of a test, as `testView` writes it. */
export const testSchema = named(
  'TestResult',
  object({
    success: flag,
    status_code: {
      type: ['integer', 'null'],
      description:
        'Status of the response; null if none was read. A test can fail although a status was read, when the rest of the response failed.',
    },
    duration_ms: { type: 'number' },
    error: { enum: [...failureReasons, null] },
    event_id: text,
    delivery_id: text,
    recorded: {
      ...flag,
      description: 'Whether the attempt was recorded and will appear in the list of deliveries.',
    },
    request_body: { ...text, description: 'Body of the request, as it was sent.' },
    ...exchangeProperties,
  }),
  testExample,
);

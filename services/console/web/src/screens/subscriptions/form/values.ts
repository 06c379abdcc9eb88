import type { Schemas } from '../../../api/client.ts';
import type { Filter } from '../../../parts/filter-editor/filter-editor.tsx';
import type { KeyValue } from '../../../parts/form/key-value-editor.tsx';
import { scheduleText } from './schedule-text.ts';

type Subscription = Schemas['Subscription'];

/** Retry schedules that have a name, or one of one's own. */
export const schedules = ['default', 'short', 'custom'] as const;

/** The settings of a subscription as a form edits them: numbers are texts, and headers of both kinds are rows. */
export type Values = Readonly<{
  endpoint_url: string;
  description: string;
  events: readonly string[];
  /** Undefined while the text is no filter. */
  filters: Filter | null | undefined;
  headers: readonly KeyValue[];
  format: Subscription['format'];
  large_payloads: Subscription['large_payloads'];
  signature_style: Subscription['signature_style'];
  ordering: Subscription['ordering'];
  on_exhausted: Subscription['on_exhausted'];
  schedule: (typeof schedules)[number];
  /** A custom schedule, such as `5s, 1m, 2h`. */
  retry_schedule: string;
  timeout_seconds: string;
  rate_limit: Readonly<{ per_second: string; burst: string }>;
  max_in_flight: string;
  verify: Subscription['verify'];
  /** New certificates in PEM. `isRemoved`: the stored ones are to go. */
  tls: Readonly<{ ca: string; certificate: string; key: string; isRemoved: boolean }>;
}>;

/** The settings that only a new subscription has. */
export type NewValues = Values &
  Readonly<{ consumer_id: string; secret: string; is_active: boolean; send_test: boolean }>;

export const noTls: Values['tls'] = { ca: '', certificate: '', key: '', isRemoved: false };

/** The values of a new subscription: the defaults of the API. */
export const newValues = (consumerId: string): NewValues => ({
  endpoint_url: '',
  description: '',
  events: [],
  filters: null,
  headers: [],
  format: 'standard',
  large_payloads: 'full',
  signature_style: 'v1',
  ordering: 'none',
  on_exhausted: 'skip',
  schedule: 'default',
  retry_schedule: '5s, 1m, 5m, 30m, 2h, 5h, 10h',
  timeout_seconds: '10',
  rate_limit: { per_second: '', burst: '' },
  max_in_flight: '10',
  verify: 'none',
  tls: noTls,
  consumer_id: consumerId,
  secret: '',
  is_active: true,
  send_test: true,
});

/** Returns the settings of a subscription as a form edits them. */
export const valuesOf = (subscription: Subscription): Values => ({
  endpoint_url: subscription.endpoint_url,
  description: subscription.description ?? '',
  events: subscription.events,
  filters: subscription.filters,
  headers: [
    ...Object.entries(subscription.headers).map(([name, value]) => ({
      ...{ name, value },
      ...{ isSecret: false, isKept: false },
    })),
    ...Object.keys(subscription.secret_headers).map((name) => ({
      ...{ name, value: '' },
      ...{ isSecret: true, isKept: true },
    })),
  ],
  format: subscription.format,
  large_payloads: subscription.large_payloads,
  signature_style: subscription.signature_style,
  ordering: subscription.ordering,
  on_exhausted: subscription.on_exhausted,
  schedule: 'custom',
  retry_schedule: scheduleText(subscription.retry_schedule),
  timeout_seconds: String(subscription.timeout_seconds),
  rate_limit: {
    per_second: String(subscription.rate_limit?.per_second ?? ''),
    burst: String(subscription.rate_limit?.burst ?? ''),
  },
  max_in_flight: String(subscription.max_in_flight),
  verify: subscription.verify,
  tls: noTls,
});

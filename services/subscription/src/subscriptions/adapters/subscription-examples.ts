import { exchangeExample } from '@tidings/webhook-request';
import { eventSettings } from '../domain/event-settings.ts';
import { requestSettings } from '../domain/request-settings.ts';
import { eachField, type SettingsTable } from '../domain/setting.ts';

const secret = {
  id: 'sec_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f',
  public_key: null,
  created_at: '2026-11-22T10:00:00.000Z',
  expires_at: null,
} as const;

const examples = (table: SettingsTable) =>
  eachField(table, (row) => row.example ?? row.show(row.read(row.default)));

/** Example of a subscription in the API description. */
export const subscriptionExample = {
  id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  workspace_id: 'ws_shop',
  consumer_id: 'acme',
  kind: 'webhook',
  ...examples(eventSettings),
  public_key: null,
  secrets: [secret],
  ...examples(requestSettings),
  state: 'active',
  is_active: true,
  disabled_at: null,
  disabled_reason: null,
  last_delivery_at: '2026-11-22T10:05:00.000Z',
  failure_count: 0,
  version: 1,
  created_at: '2026-11-22T10:00:00.000Z',
  updated_at: '2026-11-22T10:00:00.000Z',
  propagated: true,
} as const;

/** Example of a signing secret in the API description; no subscription uses it. */
export const secretExample = 'whsec_ZXhhbXBsZS1vZi1hLXNlY3JldC1vZi1ub2JvZHk=';

/** Example of a test result in the API description. */
export const testExample = {
  success: true,
  status_code: 204,
  duration_ms: 38,
  error: null,
  event_id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  delivery_id: 'dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c',
  recorded: true,
  request_body: '{"id":"evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f","type":"webhook.test","data":{}}',
  ...exchangeExample,
} as const;

import { expect, it } from 'vitest';
import { aSecret, aSubscription } from '../../../test/a-subscription.ts';
import { defaultSettings as eventTypeDefaults } from '../../event-types/domain/event-type.ts';
import { bodySchemas as eventTypeBodies } from '../../event-types/domain/request-body.ts';
import { changedFields } from '../../registry/domain/audit-entry.ts';
import { subscriptionKind } from '../subscription-kind.ts';
import { bodySchemas } from './request-body.ts';
import { defaultSettings, readSettings, type SettingsBody, settingsTable } from './settings.ts';

const defaultsOf = (properties: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      Object.hasOwn(field as object, 'default') ? [[name, (field as { default: unknown }).default]] : [],
    ),
  );

it('publishes as default of each omitted field the value that a new subscription gets', () => {
  const base = { ...defaultSettings, endpointUrl: 'https://a.example/', events: ['*'] };
  const { secret_headers, is_active, send_test, ...published } = defaultsOf(
    bodySchemas.create['properties'] as object,
  );
  expect(Object.keys(published)).toHaveLength(15);
  expect({ is_active, send_test }).toEqual({ is_active: true, send_test: true });
  expect(readSettings(published as SettingsBody, base)).toEqual(base);
  expect(secret_headers).toEqual({});
});

it('publishes as default of each omitted field the value that a new event type gets', () => {
  const { mode, audience, compatibility } = eventTypeDefaults;
  expect(defaultsOf(eventTypeBodies.create.properties)).toEqual({
    ...{ mode, audience, compatibility },
    state: 'active',
  });
});

const rows = Object.values(settingsTable);
const holdsSealed = ({ stored }: (typeof rows)[number]): boolean =>
  JSON.stringify(stored).includes('"sealed"');

it('masks every sealed value of a setting in the audit log', () => {
  const sealedBy = new Map<string, unknown>([
    ['secret_headers', [{ name: 'authorization', sealed: 'sealed-value' }]],
    ['tls', { sealed: 'sealed-value', ca: [], certificate: [] }],
  ]);
  const sealedRows = rows.filter(holdsSealed);
  // A new setting with a sealed value needs an example here.
  expect(sealedRows.map(({ storedAs }) => storedAs).sort()).toEqual([...sealedBy.keys()].sort());
  for (const { storedAs, mask } of sealedRows) {
    const text = JSON.stringify((mask as (stored: unknown) => unknown)(sealedBy.get(storedAs)));
    expect([text.includes('***'), text.includes('sealed-value')]).toEqual([true, false]);
  }
});

it('masks credentials in the URL and in headers, and the signing secrets, in the audit log', () => {
  const settings = {
    endpointUrl: 'https://user:hidden@partner.example/hook?token=hidden',
    headers: { 'x-key': 'hidden' },
  };
  const subscription = aSubscription({ settings, secrets: [aSecret({ sealed: 'hidden' })] });
  const { after } = changedFields(null, subscriptionKind.toDocument(subscription), subscriptionKind.masks);
  expect(after).toMatchObject({
    endpoint_url: 'https://user:***@partner.example/hook?token=***',
    headers: [{ name: 'x-key', value: '***' }],
    secrets: [{ id: 'sec_1', sealed: '***' }],
  });
  expect(JSON.stringify(after)).not.toContain('hidden');
});

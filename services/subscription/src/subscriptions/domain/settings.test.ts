import { expect, it } from 'vitest';
import { defaultSettings as eventTypeDefaults } from '../../event-types/domain/event-type.ts';
import { bodySchemas as eventTypeBodies } from '../../event-types/domain/request-body.ts';
import { bodySchemas } from './request-body.ts';
import { defaultSettings, readSettings, type SettingsBody } from './settings.ts';

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
  expect(Object.keys(published)).toHaveLength(13);
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

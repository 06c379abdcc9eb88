import { expect, it } from 'vitest';
import { defaultSettings as eventTypeDefaults } from '../../event-types/domain/event-type.ts';
import { bodySchemas as eventTypeBodies } from '../../event-types/domain/request-body.ts';
import { defaultSettings, readSettings } from './read-settings.ts';
import type { SettingsBody } from './request-body.ts';
import { createdFields } from './settings-schemas.ts';

const defaultsOf = (properties: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]) =>
      Object.hasOwn(field as object, 'default') ? [[name, (field as { default: unknown }).default]] : [],
    ),
  );

it('tells of a new subscription what the fields mean that are left out', () => {
  const base = { ...defaultSettings, endpointUrl: 'https://a.example/', events: ['*'] };
  const { secret_headers, ...published } = defaultsOf(createdFields);
  expect(Object.keys(published)).toHaveLength(13);
  expect(readSettings(published as SettingsBody, base)).toEqual(base);
  expect(secret_headers).toEqual({});
});

it('tells of a new event type what the fields mean that are left out', () => {
  const { mode, audience, compatibility } = eventTypeDefaults;
  expect(defaultsOf(eventTypeBodies.create.properties)).toEqual({
    ...{ mode, audience, compatibility },
    state: 'active',
  });
});

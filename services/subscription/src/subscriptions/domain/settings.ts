import type { ErrorDetail } from '@tidings/json';
import { eventSettings } from './event-settings.ts';
import { requestSettings } from './request-settings.ts';
import { type BodyOf, defaultsOf, faultsIn, readBody, type ValuesOf } from './setting.ts';

/** The settings of a subscription: what its owner may write, and what follows from that. */
export const settingsTable = { ...eventSettings, ...requestSettings } as const;

/** The settings of one version. */
export type Settings = ValuesOf<typeof settingsTable>;

/** The fields of a subscription that its owner may write, as in a request. */
export type SettingsBody = BodyOf<typeof settingsTable>;

/** Values of omitted fields in a new subscription. */
export const defaultSettings = defaultsOf(settingsTable) as Omit<Settings, 'endpointUrl' | 'events'>;

/**
 * Returns the settings of `base` with every field that the body names replaced, except those that require more than the
 * body: sealed headers and the endpoint's consent. The body has passed its schema.
 */
export const readSettings = (body: SettingsBody, base: Settings): Settings =>
  readBody(settingsTable, body, base) as Settings;

/** Returns the faults of the named fields that a schema cannot express: names, headers, sums. */
export const settingsFaults = (body: SettingsBody): readonly ErrorDetail[] => faultsIn(settingsTable, body);

import type { ErrorDetail } from '@tidings/json';
import type { Settings, SettingsBody } from './domain/settings.ts';
import { isSameTls, readTls } from './domain/tls-material.ts';
import type { SecretFactory, SecretOwner } from './secret-factory.ts';

/** Returns the faults of the TLS settings in a body. */
export const tlsFaults = ({ tls }: SettingsBody, nowMs: number): readonly ErrorDetail[] =>
  tls === undefined || tls === null ? [] : readTls(tls, nowMs).faults;

/** Key, owner and time for sealing TLS settings. */
export type Sealing = Readonly<{ secretFactory: SecretFactory; owner: SecretOwner; nowMs: number }>;

/** Returns the settings with the body's TLS sealed. If the certificates are unchanged, the sealed value is kept. */
export function withTls(settings: Settings, { tls }: SettingsBody, sealing: Sealing): Settings {
  if (tls === undefined || tls === null) return settings;
  const { secretFactory, owner, nowMs } = sealing;
  if (settings.tls !== null && isSameTls(settings.tls, readTls(tls, nowMs))) return settings;
  return { ...settings, tls: secretFactory.sealTls(tls, nowMs, owner) };
}

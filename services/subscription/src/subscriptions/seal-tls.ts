import type { Fault } from './domain/fault.ts';
import type { SettingsBody } from './domain/request-body.ts';
import type { Settings } from './domain/subscription.ts';
import { isSameTls, readTls } from './domain/tls-material.ts';
import type { SecretFactory, SecretOwner } from './secret-factory.ts';

/** What is wrong with the TLS that a body names. */
export const tlsFaults = ({ tls }: SettingsBody, nowMs: number): readonly Fault[] =>
  tls === undefined || tls === null ? [] : readTls(tls, nowMs).faults;

/** Where sealed TLS belongs, and when. */
export type Sealing = Readonly<{ secretFactory: SecretFactory; owner: SecretOwner; nowMs: number }>;

/** The settings with the body's TLS sealed into them. The same certificates as before stay sealed as they are. */
export function withTls(settings: Settings, { tls }: SettingsBody, sealing: Sealing): Settings {
  if (tls === undefined || tls === null) return settings;
  const { secretFactory, owner, nowMs } = sealing;
  if (settings.tls !== null && isSameTls(settings.tls, readTls(tls, nowMs))) return settings;
  return { ...settings, tls: secretFactory.sealTls(tls, nowMs, owner) };
}

import type {
  ConsumerId,
  SealedSecret,
  SourceAudience,
  SourceId,
  SourceRecord,
  WorkspaceId,
} from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';
import { unexpired } from '../../subscriptions/domain/signing-secrets.ts';

/** Options of a provider. */
export type SourceOptions = SourceRecord['options'];

/** The settings of a source that its owner may change. */
export type SourceSettings = Readonly<{
  name: string;
  audience: SourceAudience;
  /** The consumer of an addressed source; null for any other. */
  consumerId: ConsumerId | null;
  options: SourceOptions;
  /** True: ingress may keep its events on its disk while the log does not acknowledge; null: as its provider has it. */
  spool: boolean | null;
  /** Maximum size of a body, in bytes; null: as its provider and the installation allow. */
  maxPayloadBytes: number | null;
}>;

/** One version of a source of third-party webhooks. It belongs to the workspace, whoever receives its events. */
export type Source = Versioned &
  Readonly<{
    id: SourceId;
    /** active ⇄ disabled, and from either to deleted, which is final. */
    state: 'active' | 'disabled' | 'deleted';
    provider: string;
    settings: SourceSettings;
    /** Newest first. */
    secrets: readonly SealedSecret[];
  }>;

/** Input of {@link beginSource}. */
export type SourceBeginning = Pick<Source, 'id' | 'provider' | 'settings' | 'secrets'> &
  Readonly<{ workspaceId: WorkspaceId; nowMs: number }>;

/** Returns version 1. */
export const beginSource = ({ nowMs, ...source }: SourceBeginning): Source => ({
  ...firstVersion(nowMs),
  ...source,
  state: 'active',
});

/** Returns the source with other settings, or the same object if nothing changes. */
export const withSourceSettings = (source: Source, settings: SourceSettings, nowMs: number): Source =>
  JSON.stringify(settings) === JSON.stringify(source.settings) ? source : next(source, { settings }, nowMs);

/** Returns the source with other secrets, without expired ones. */
export const withSourceSecrets = (source: Source, secrets: readonly SealedSecret[], nowMs: number): Source =>
  next(source, { secrets }, nowMs);

/** Returns a version without expired secrets. */
export const withoutExpiredSecrets = (source: Source, nowMs: number): Source => next(source, {}, nowMs);

/** Enables or disables a source; returns the same object if it is so already. */
export const switchedSource = (source: Source, isActive: boolean, nowMs: number): Source => {
  const state = isActive ? 'active' : 'disabled';
  return state === source.state ? source : next(source, { state }, nowMs);
};

/** Returns the last version, without secrets: nothing is accepted any more. */
export const deletedSource = (source: Source, nowMs: number): Source =>
  next(source, { state: 'deleted', deletedAtMs: nowMs, secrets: [] }, nowMs);

const next = (
  source: Source,
  change: Partial<Pick<Source, 'settings' | 'secrets' | 'state' | 'deletedAtMs'>>,
  nowMs: number,
): Source =>
  nextVersion(source, { ...change, secrets: unexpired(change.secrets ?? source.secrets, nowMs) }, nowMs);

/** Returns the version's record on the sources topic. */
export const sourceRecord = ({ settings, ...source }: Source): SourceRecord => ({
  type: 'SourceChanged.v1',
  id: source.id,
  workspaceId: source.workspaceId,
  state: source.state,
  version: source.version,
  provider: source.provider,
  audience: settings.audience,
  consumerId: settings.consumerId,
  options: settings.options,
  secrets: source.secrets,
  // Without it a release before this one can read the record.
  ...(settings.spool !== null && { spool: settings.spool }),
  ...(settings.maxPayloadBytes !== null && { maxPayloadBytes: settings.maxPayloadBytes }),
});

/** Returns the source with `replace` applied to each sealed secret, or the same object if none changes. */
export function withSealedSecrets(
  source: Source,
  replace: (sealed: string, field: string) => string,
): Source {
  const secrets = source.secrets.map((secret) => ({ ...secret, sealed: replace(secret.sealed, 'secrets') }));
  const isSame = secrets.every(({ sealed }, at) => sealed === source.secrets[at]?.sealed);
  return isSame ? source : { ...source, secrets };
}

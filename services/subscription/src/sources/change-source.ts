import { mergePatch } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { rotated, unexpired } from '../subscriptions/domain/signing-secrets.ts';
import { audienceFaults, audienceOf, optionFaults, providerOf } from './check-source.ts';
import type { SourceParts } from './create-source.ts';
import {
  deletedSource,
  type Source,
  type SourceOptions,
  switchedSource,
  withSourceSecrets,
  withSourceSettings,
} from './domain/source.ts';
import { type SourceChangeBody, type SourceRotateBody, sourceLimits } from './domain/source-body.ts';
import { findSecret, sealSecret } from './source-secrets.ts';

/** PATCH: merges the body into the settings of a source (RFC 7396). */
export const changeSource = async (
  parts: SourceParts,
  target: Target,
  patch: SourceChangeBody,
): Promise<Written<Source>> => {
  const { workspaces, clock } = parts;
  return writeVersion(parts, target, {
    operation: 'changed',
    change: async (current) => {
      const { settings, workspaceId } = current;
      const audience = audienceOf(patch, settings);
      const options =
        patch.options === null ? {} : (mergePatch(settings.options, patch.options ?? {}) as SourceOptions);
      refuseFaults([
        ...optionFaults(providerOf(current.provider), options),
        ...(await audienceFaults(workspaces, workspaceId, audience)),
      ]);
      if (audience.consumerId !== null)
        await workspaces.ensureConsumer({ workspaceId, consumerId: audience.consumerId }, target.by);
      const spool = patch.spool === undefined ? settings.spool : patch.spool;
      const maxPayloadBytes =
        patch.max_payload_bytes === undefined ? settings.maxPayloadBytes : patch.max_payload_bytes;
      const changed = { name: patch.name ?? settings.name, ...audience, options, spool, maxPayloadBytes };
      return withSourceSettings(current, changed, clock.nowMs());
    },
  });
};

/** Adds a secret to a source. The old ones stay valid for the overlap, then expire. */
export const rotateSourceSecret = async (
  parts: SourceParts & Readonly<{ secretOverlapMs: number }>,
  target: Target,
  { secret, overlap_seconds: overlapSeconds }: SourceRotateBody,
): Promise<Written<Source>> => {
  const { ring, clock, secretOverlapMs } = parts;
  const overlapMs = overlapSeconds === undefined ? secretOverlapMs : overlapSeconds * 1_000;
  return writeVersion(parts, target, {
    operation: 'secret-rotated',
    change: (current) => {
      const nowMs = clock.nowMs();
      const valid = { ...current, secrets: unexpired(current.secrets, nowMs) };
      const fault = providerOf(current.provider).secretFault(secret, current.settings.options);
      const known = findSecret(ring, valid, secret);
      const detail = known === undefined ? fault : `is that of '${known.id}': send a new one`;
      refuseFaults(detail === null ? [] : [{ pointer: '/secret', detail }]);
      const secrets = rotated(valid.secrets, {
        fresh: sealSecret(ring, current, { secret, nowMs }),
        nowMs,
        overlapMs,
      });
      refuseTooMany(secrets.length);
      return withSourceSecrets(current, secrets, nowMs);
    },
  });
};

function refuseTooMany(count: number): void {
  if (count <= sourceLimits.secrets) return;
  const message = `At most ${sourceLimits.secrets} secrets may be valid at one time: rotate with a shorter overlap_seconds (0 ends all older ones now).`;
  throw new AppError({ code: 'conflict', message });
}

/** Enables or disables a source: a disabled one accepts nothing. */
export const switchSource = async (
  parts: WriteParts<Source>,
  target: Target,
  isActive: boolean,
): Promise<Written<Source>> =>
  writeVersion(parts, target, {
    operation: isActive ? 'enabled' : 'disabled',
    change: (current) => switchedSource(current, isActive, parts.clock.nowMs()),
  });

/** Writes the last version of a source. */
export const deleteSource = async (parts: WriteParts<Source>, target: Target): Promise<Written<Source>> =>
  writeVersion(parts, target, {
    operation: 'deleted',
    change: (current) => deletedSource(current, parts.clock.nowMs()),
  });

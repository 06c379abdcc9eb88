import { AppError } from '@tidings/runtime';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { limits } from './domain/limits.ts';
import type { RotateBody } from './domain/request-body.ts';
import { rotated, type StoredSecret, unexpired } from './domain/signing-secrets.ts';
import { type Subscription, withSecrets } from './domain/subscription.ts';
import { newSecretId, type SecretFactory } from './secret-factory.ts';

/** Dependencies of a rotation besides those of every write. */
export type RotateParts = WriteParts<Subscription> &
  Readonly<{ secretFactory: SecretFactory; secretOverlapMs: number }>;

/** The subscription with its new secret, which cannot be read again. */
export type Rotated = Written<Subscription> & Readonly<{ shownSecret: string | null }>;

function refuseTooMany(secrets: readonly StoredSecret[]): void {
  if (secrets.length <= limits.signingSecrets) return;
  const message = `At most ${limits.signingSecrets} secrets may sign at one time: rotate with a shorter overlap_seconds (0 ends all older ones now) or wait until one has ended.`;
  throw new AppError({ code: 'conflict', message });
}

// Two signatures by one key carry no information for a receiver, and the "old" secret would never expire.
function refuseKnown({ secretFactory }: RotateParts, current: Subscription, own: string | undefined): void {
  if (own === undefined) return;
  const owner = { workspaceId: current.workspaceId, subscriptionId: current.id };
  const known = secretFactory.findSame(current.secrets, own, owner);
  if (known === undefined) return;
  const state = known.expiresAtMs === null ? 'is in force' : 'still signs in addition to the current one';
  refuseFaults([{ pointer: '/secret', detail: `is that of '${known.id}', which ${state}: send a new one` }]);
}

/** Returns the secret that this run created, or that of an earlier run of the same request whose response was lost. */
function shownSecretOf(
  { secretFactory }: RotateParts,
  current: Subscription,
  secretId: string,
): string | null {
  const { id, workspaceId, secrets } = current;
  const made = secrets.find((secret) => secret.id === secretId);
  if (made === undefined) {
    const message =
      'The secret that this Idempotency-Key created has been replaced: send another Idempotency-Key to rotate again.';
    throw new AppError({ code: 'conflict', message });
  }
  return made.publicKey === null
    ? secretFactory.open(made.sealed, { workspaceId, subscriptionId: id })
    : null;
}

/** Creates a new secret for a subscription. The old ones continue to sign for the overlap, then expire. */
export async function rotateSecret(parts: RotateParts, target: Target, body: RotateBody): Promise<Rotated> {
  const { clock, secretFactory, secretOverlapMs } = parts;
  const overlapMs = body.overlap_seconds === undefined ? secretOverlapMs : body.overlap_seconds * 1_000;
  const id = target.by.run?.id ?? newSecretId();
  const written = await writeVersion(parts, target, {
    operation: 'secret-rotated',
    change: (current) => {
      const nowMs = clock.nowMs();
      const { signatureStyle: style } = current.settings;
      const owner = { workspaceId: current.workspaceId, subscriptionId: current.id };
      const created = secretFactory.create({ ...owner, id, style, own: body.secret, nowMs });
      refuseKnown(parts, { ...current, secrets: unexpired(current.secrets, nowMs) }, body.secret);
      const secrets = rotated(current.secrets, { fresh: created.stored, nowMs, overlapMs });
      refuseTooMany(secrets);
      return withSecrets(current, secrets, nowMs);
    },
  });
  return { ...written, shownSecret: shownSecretOf(parts, written.entity, id) };
}

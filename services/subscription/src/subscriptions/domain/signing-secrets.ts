import type { SealedSecret } from '@tidings/contracts';

/** A sealed secret as the registry keeps it: of a key pair the public half stays readable. */
export type StoredSecret = SealedSecret & Readonly<{ publicKey: string | null }>;

/** Secrets that may still sign at this time. The current one has no end. */
export const unexpired = (secrets: readonly StoredSecret[], nowMs: number): readonly StoredSecret[] =>
  secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);

/** When the next one ends, or null. */
export function nextExpiryMs(secrets: readonly StoredSecret[]): number | null {
  const ends = secrets.flatMap(({ expiresAtMs }) => (expiresAtMs === null ? [] : [expiresAtMs]));
  return ends.length === 0 ? null : Math.min(...ends);
}

/** A rotation: the new secret, the moment, and how long the old ones go on signing beside it. */
export type Rotation = Readonly<{ fresh: StoredSecret; nowMs: number; overlapMs: number }>;

/**
 * The new secret first, the old ones after it with an end. An end only ever moves closer, so a rotation without
 * overlap takes every older secret out of use: that is how a leaked one is revoked.
 */
export function rotated(secrets: readonly StoredSecret[], rotation: Rotation): readonly StoredSecret[] {
  const { fresh, nowMs, overlapMs } = rotation;
  const endMs = nowMs + overlapMs;
  const ending = secrets.map((secret) => ({
    ...secret,
    expiresAtMs: Math.min(secret.expiresAtMs ?? endMs, endMs),
  }));
  return [fresh, ...unexpired(ending, nowMs)];
}

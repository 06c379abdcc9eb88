import type { SealedSecret } from '@tidings/contracts';

/** A sealed secret as the registry stores it. The public half of a key pair is stored unsealed. */
export type StoredSecret = SealedSecret & Readonly<{ publicKey: string | null }>;

/** Returns the secrets that may still sign at this time. The current one has no expiry. */
export const unexpired = <T extends SealedSecret>(secrets: readonly T[], nowMs: number): readonly T[] =>
  secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);

/** Returns the time at which the next secret expires, or null. */
export function nextExpiryMs(secrets: readonly SealedSecret[]): number | null {
  const ends = secrets.flatMap(({ expiresAtMs }) => (expiresAtMs === null ? [] : [expiresAtMs]));
  return ends.length === 0 ? null : Math.min(...ends);
}

/** A rotation: the new secret, the time, and how long the old secrets continue to sign. */
export type Rotation<T> = Readonly<{ fresh: T; nowMs: number; overlapMs: number }>;

/**
 * Returns the new secret first, followed by the old ones with an expiry. An expiry only ever moves earlier, so a
 * rotation without overlap invalidates every older secret; a leaked secret is revoked this way.
 */
export function rotated<T extends SealedSecret>(
  secrets: readonly T[],
  rotation: Rotation<NoInfer<T>>,
): readonly T[] {
  const { fresh, nowMs, overlapMs } = rotation;
  const endMs = nowMs + overlapMs;
  const ending = secrets.map((secret) => ({
    ...secret,
    expiresAtMs: Math.min(secret.expiresAtMs ?? endMs, endMs),
  }));
  return [fresh, ...unexpired(ending, nowMs)];
}

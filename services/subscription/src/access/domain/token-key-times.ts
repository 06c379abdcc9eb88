import { tokenSeconds } from './key-request.ts';
import type { TokenKey } from './token-key.ts';

/**
 * A key pair signs once it is this old, in milliseconds: every service has its public half then. Records take 2 s at most
 * while the brokers can be reached, and clocks differ.
 */
const settleMs = 10_000;
/** A token is accepted for some seconds after its end, and clocks differ. */
const toleranceMs = 60_000;

const isActive = ({ state }: TokenKey): boolean => state === 'active';

// Version 1 is the one with which the services learn of the pair; later ones only name tokens that were signed out.
const isKnown = ({ createdAtMs, version, isUnpublished }: TokenKey, nowMs: number): boolean =>
  nowMs - createdAtMs >= settleMs && !(version === 1 && isUnpublished);

/**
 * Returns the pair that signs tokens now, of all of a workspace, the newest first: the newest that every service knows. Where
 * there is none yet, the oldest, which they know soonest; undefined if the workspace has no pair.
 */
export function signingKeyOf(keys: readonly TokenKey[], nowMs: number): TokenKey | undefined {
  const active = keys.filter(isActive);
  return active.find((key) => isKnown(key, nowMs)) ?? active.at(-1);
}

/** The newest pair of a workspace, and those that still verify beside it, the newest first. */
export type TokenKeyPairs = Readonly<{ newest: TokenKey; older: readonly TokenKey[] }>;

/** Returns the pairs of a workspace that verify, of all of them, the newest first; null if there is none. */
export function pairsOf(keys: readonly TokenKey[]): TokenKeyPairs | null {
  const [newest, ...older] = keys.filter(isActive);
  return newest === undefined ? null : { newest, older };
}

/** Returns when the last token of the older pairs has ended, in epoch milliseconds. */
export const olderEndAtMs = ({ newest }: TokenKeyPairs): number =>
  newest.createdAtMs + settleMs + tokenSeconds.max * 1_000 + toleranceMs;

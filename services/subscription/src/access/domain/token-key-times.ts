import { tokenSeconds } from './key-request.ts';
import type { TokenKey } from './token-key.ts';

/**
 * A key pair signs once it is this old, in milliseconds: every service has its public half then. Records take 2 s at most
 * while the brokers can be reached, and clocks differ.
 */
const settleMs = 10_000;
/** Time after its end within which a token may be accepted, in milliseconds: some seconds, and clocks differ. */
export const tokenToleranceMs = 60_000;

const isActive = ({ state }: TokenKey): boolean => state === 'active';

// Version 1 is the one with which the services learn of the pair; later ones only name tokens that were signed out.
const isKnown = ({ createdAtMs, version, isUnpublished }: TokenKey, nowMs: number): boolean =>
  nowMs - createdAtMs >= settleMs && !(version === 1 && isUnpublished);

// Of the tokens that the pairs before this one sign.
const lastEndMs = ({ createdAtMs }: TokenKey): number => createdAtMs + settleMs + tokenSeconds.max * 1_000;

/** The pair that signs tokens now. A token that it signs ends at `endByMs`, in epoch milliseconds, at the latest. */
export type Signing = Readonly<{ key: TokenKey; endByMs: number }>;

/**
 * Returns the pair that signs tokens now, of all of a workspace, the newest first: the newest that every service knows. Where
 * there is none yet, the oldest, which they know soonest; undefined if the workspace has no pair. The older pair goes on while
 * the log has not confirmed the newest, but what it signs ends before it may be removed, however long that takes.
 */
export function signingOf(keys: readonly TokenKey[], nowMs: number): Signing | undefined {
  const active = keys.filter(isActive);
  const [newest] = active;
  const key = active.find((one) => isKnown(one, nowMs)) ?? active.at(-1);
  if (newest === undefined || key === undefined) return undefined;
  return { key, endByMs: key === newest ? Infinity : lastEndMs(newest) };
}

/** The newest pair of a workspace, and those that still verify beside it, the newest first. */
export type TokenKeyPairs = Readonly<{ newest: TokenKey; older: readonly TokenKey[] }>;

/** Returns the pairs of a workspace that verify, of all of them, the newest first; null if there is none. */
export function pairsOf(keys: readonly TokenKey[]): TokenKeyPairs | null {
  const [newest, ...older] = keys.filter(isActive);
  return newest === undefined ? null : { newest, older };
}

/** Returns from when on the older pairs may be removed, in epoch milliseconds: the last token of them has ended. */
export const olderEndAtMs = ({ newest }: TokenKeyPairs): number => lastEndMs(newest) + tokenToleranceMs;

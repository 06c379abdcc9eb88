import type { Ended } from '@tidings/contracts';

/** Maximum number of sessions or tokens that are remembered by their ids. */
export const maxEnded = 1_000;

/**
 * Adds a session or token that ends before its time; one that would have ended by now is dropped. Beyond
 * {@link maxEnded}, all that have begun until now end: nothing that was signed out works again.
 */
export function withOneEnded(
  current: Ended | null,
  one: Readonly<{ id: string; untilMs: number }>,
  nowMs: number,
): Ended {
  const { beforeMs, ids } = current ?? nothingEnded;
  if (ids.some(({ id }) => id === one.id)) return { beforeMs, ids };
  const remembered = [...ids.filter(({ untilMs }) => untilMs > nowMs), one];
  return remembered.length > maxEnded ? allEnded(nowMs) : { beforeMs, ids: remembered };
}

/** All that have begun until now. */
export const allEnded = (nowMs: number): Ended => ({ beforeMs: nowMs, ids: [] });

const nothingEnded: Ended = { beforeMs: 0, ids: [] };

/** The form that is stored. */
export type StoredEnded = Readonly<{
  before_ms: number;
  ids: readonly Readonly<{ id: string; until_ms: number }>[];
}>;

export const storedEnded = (ended: Ended | null): StoredEnded | null =>
  ended && {
    before_ms: ended.beforeMs,
    ids: ended.ids.map(({ id, untilMs }) => ({ id, until_ms: untilMs })),
  };

export const readEnded = (stored: StoredEnded | null): Ended | null =>
  stored && {
    beforeMs: stored.before_ms,
    ids: stored.ids.map(({ id, until_ms }) => ({ id, untilMs: until_ms })),
  };

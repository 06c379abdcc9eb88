import { endpointNetwork } from '../faults/plan-faults.ts';
import type { AttemptRecord } from '../history/record.ts';
import { matchAttempts } from './match-attempts.ts';
import { type RunHistory, takeoverMs } from './run-history.ts';

/** Returns whether a process may have ended, or lost its partitions, between two times, so that commands exist twice. */
const mayCopyBetween = (history: RunHistory, from: number, to: number): boolean =>
  history.repeatingFaults.some(
    ({ target, at, until }) => target !== endpointNetwork && at <= to && until >= from - takeoverMs,
  );

/** The attempt of the same chain before this one. */
const before = (
  history: RunHistory,
  { delivery, chain, attempt }: AttemptRecord,
): AttemptRecord | undefined =>
  history.attempts.get(delivery)?.find((each) => each.chain === chain && each.attempt === attempt - 1);

/** When an attempt may have begun first. */
const firstDueAt = (history: RunHistory, attempt: AttemptRecord): number => {
  const setBy = before(history, attempt)?.nextAt ?? Number.NEGATIVE_INFINITY;
  return Math.min(setBy, copyDueAt(history, attempt));
};

/**
 * Returns the earliest time at which a copy of the attempt before this one can have set it; infinity: there is none.
 *
 * The command of the next attempt is written before the attempt itself is recorded (ADR 8). A process that ends in between leaves both
 * that command and the one of the attempt, which is made again and sets the next one for a later time. The first of the two is the one
 * that is sent. It was set by a request that nobody recorded, of which C9 limits the number, or, while the endpoints
 * were cut off, by none. It has waited as long as the schedule and the response to that request say.
 */
export const copyDueAt = (history: RunHistory, next: AttemptRecord): number => {
  const previous = before(history, next);
  if (previous === undefined) return Number.POSITIVE_INFINITY;
  const waitMs = history.waitMsAfter(next.subscription, previous.attempt);
  const firstAt = firstDueAt(history, previous) - history.clockErrorMs;
  const { recorded } = matchAttempts(history);
  const seen = (history.byWebhookId.get(next.delivery) ?? [])
    .filter(({ index, at }) => !recorded.has(index) && at >= firstAt && at < next.at)
    .map(({ at, retryAfterSeconds }) => ({
      at,
      dueAt: at + Math.max(waitMs, (retryAfterSeconds ?? 0) * 1_000),
    }));
  const unseen = history.faults
    .filter(({ target, at, until }) => target === endpointNetwork && at < next.at && until >= firstAt)
    .map((fault) => Math.max(fault.at, firstAt))
    .map((at) => ({ at, dueAt: at + waitMs }));
  const copies = [...seen, ...unseen].filter(({ at }) => mayCopyBetween(history, at, next.at));
  return Math.min(...copies.map(({ dueAt }) => dueAt));
};

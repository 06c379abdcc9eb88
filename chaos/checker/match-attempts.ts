import type { AttemptRecord } from '../history/record.ts';
import type { RunHistory, SeenRequest } from './run-history.ts';

// The system notes an attempt when it begins to connect, the endpoint when the request has arrived; a stopped process does
// either late.
const arrivalSlackMs = 2_000;
/** The difference that two readings of one clock, in whole milliseconds and of two processes, may have. */
export const clockSlackMs = 50;

const isSameExchange = (attempt: AttemptRecord, request: SeenRequest, clockErrorMs: number): boolean =>
  request.at >= attempt.at - clockSlackMs - clockErrorMs &&
  request.at <= attempt.at + attempt.durationMs + arrivalSlackMs + clockErrorMs &&
  (attempt.status === null || attempt.status === request.status);

/** Which request each attempt made. */
export type Matched = Readonly<{
  /** The attempts with a status that no request belongs to. */
  orphans: readonly AttemptRecord[];
  /** The attempt that recorded a request, by the index of the request. Nobody recorded the others. */
  recorded: ReadonlyMap<number, AttemptRecord>;
}>;

const cache = new WeakMap<RunHistory, Matched>();

/** Assigns to each attempt the earliest request of its delivery that it can have made. */
export const matchAttempts = (history: RunHistory): Matched => {
  const known = cache.get(history);
  if (known !== undefined) return known;
  const orphans: AttemptRecord[] = [];
  const recorded = new Map<number, AttemptRecord>();
  for (const [delivery, attempts] of history.attempts) {
    const requests = history.byWebhookId.get(delivery) ?? [];
    // Those with a status first: one without may have sent nothing.
    for (const attempt of attempts.toSorted(
      (a, b) => Number(a.status === null) - Number(b.status === null) || a.at - b.at,
    )) {
      const request = requests.find(
        (each) => !recorded.has(each.index) && isSameExchange(attempt, each, history.clockErrorMs),
      );
      if (request !== undefined) recorded.set(request.index, attempt);
      else if (attempt.status !== null) orphans.push(attempt);
    }
  }
  const matched = { orphans, recorded };
  cache.set(history, matched);
  return matched;
};

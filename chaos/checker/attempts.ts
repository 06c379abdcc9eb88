import type { AttemptRecord } from '../history/record.ts';
import { type Check, Findings } from './check.ts';
import type { RunHistory, SeenRequest } from './run-history.ts';

// The system notes an attempt when it begins to connect, the endpoint when the request has arrived; a stopped process does
// either late.
const arrivalSlackMs = 2_000;
// Both use the clock of one machine, with whole milliseconds.
const clockSlackMs = 50;

const isSameExchange = (attempt: AttemptRecord, request: SeenRequest, clockErrorMs: number): boolean =>
  request.at >= attempt.at - clockSlackMs - clockErrorMs &&
  request.at <= attempt.at + attempt.durationMs + arrivalSlackMs + clockErrorMs &&
  (attempt.status === null || attempt.status === request.status);

type Matched = Readonly<{
  /** The attempts with a status that no request belongs to. */
  orphans: readonly AttemptRecord[];
  /** The indexes of the requests that an attempt recorded. */
  recorded: ReadonlySet<number>;
}>;

const cache = new WeakMap<RunHistory, Matched>();

/** Assigns to each attempt the earliest request of its delivery that it can have made. */
const matchAttempts = (history: RunHistory): Matched => {
  const known = cache.get(history);
  if (known !== undefined) return known;
  const orphans: AttemptRecord[] = [];
  const recorded = new Set<number>();
  for (const [delivery, attempts] of history.attempts) {
    const requests = history.byWebhookId.get(delivery) ?? [];
    // Those with a status first: one without may have sent nothing.
    for (const attempt of attempts.toSorted(
      (a, b) => Number(a.status === null) - Number(b.status === null) || a.at - b.at,
    )) {
      const request = requests.find(
        (each) => !recorded.has(each.index) && isSameExchange(attempt, each, history.clockErrorMs),
      );
      if (request !== undefined) recorded.add(request.index);
      else if (attempt.status !== null) orphans.push(attempt);
    }
  }
  const matched = { orphans, recorded };
  cache.set(history, matched);
  return matched;
};

/** C9: each attempt with a status has its request, and what was sent without a record is at most what was in flight at the kills. */
export const attemptsRecorded: Check = {
  id: 'C9',
  title: 'each attempt has its request, each request its attempt',
  judge: (history) => {
    const { orphans, recorded } = matchAttempts(history);
    const violations = orphans.map(
      ({ delivery, attempt, status }) =>
        `attempt ${attempt} of ${delivery} got ${status}, and no endpoint has seen it`,
    );
    const unrecorded = history.requests.length - recorded.size;
    const bound = history.repeatingFaults.length * history.inFlightLimit;
    if (unrecorded > bound)
      violations.push(
        `${unrecorded} requests have no attempt, more than ${history.repeatingFaults.length} faults × ${history.inFlightLimit} in flight`,
      );
    const checked = [...history.attempts.values()].reduce((sum, attempts) => sum + attempts.length, 0);
    return { checked, violations };
  },
};

/** C10: no attempt begins before the time that the one before set for it. */
export const notBeforeTime: Check = {
  id: 'C10',
  title: 'no attempt before its time',
  judge: (history) => {
    const findings = new Findings();
    for (const attempts of history.attempts.values()) {
      for (const { delivery, chain, attempt, nextAt } of attempts) {
        if (nextAt === null) continue;
        // A copy of the attempt, made again after a kill, may have set a later time: the earliest one counts.
        const due = Math.min(
          ...attempts
            .filter((each) => each.chain === chain && each.attempt === attempt)
            .map((each) => each.nextAt ?? nextAt),
        );
        const next = attempts.find((each) => each.chain === chain && each.attempt === attempt + 1);
        if (next === undefined) continue;
        findings.expect(
          next.at >= due - clockSlackMs - history.clockErrorMs,
          () => `attempt ${next.attempt} of ${delivery} began ${due - next.at} ms before its time`,
        );
      }
    }
    return findings;
  },
};

/**
 * C11: after a `Retry-After` nothing is sent earlier. An answer that a killed process received was recorded by nobody, so only
 * recorded requests count, and only until somebody asks for the webhook again.
 */
export const retryAfterKept: Check = {
  id: 'C11',
  title: 'Retry-After is kept',
  judge: (history) => {
    const findings = new Findings();
    const { recorded } = matchAttempts(history);
    for (const [webhookId, requests] of history.byWebhookId) {
      for (const { index, endpoint, endedAt, retryAfterSeconds } of requests) {
        const next = requests.find((each) => each.at > endedAt && recorded.has(each.index));
        const subscription = history.byEndpoint.get(endpoint)?.id ?? '';
        if (retryAfterSeconds === null || next === undefined || !recorded.has(index)) continue;
        if (history.isSentAgain(subscription, endedAt, next.at)) continue;
        const earlyMs = endedAt + retryAfterSeconds * 1_000 - next.at;
        findings.expect(
          earlyMs <= clockSlackMs + history.clockErrorMs,
          () => `${webhookId} was sent ${earlyMs} ms before its Retry-After had passed`,
        );
      }
    }
    return findings;
  },
};

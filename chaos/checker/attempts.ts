import { type Check, Findings } from './check.ts';
import { copyDueAt } from './copies.ts';
import { clockSlackMs, matchAttempts } from './match-attempts.ts';

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

/**
 * C10: each attempt sets the next one no earlier than the schedule says, and none begins before that. A copy of a command that a
 * fault explains has a time of its own.
 */
export const notBeforeTime: Check = {
  id: 'C10',
  title: 'no attempt before its time',
  judge: (history) => {
    const findings = new Findings();
    const slackMs = clockSlackMs + history.clockErrorMs;
    for (const attempts of history.attempts.values()) {
      for (const { delivery, subscription, chain, attempt, at, durationMs, nextAt } of attempts) {
        if (nextAt === null) continue;
        const setMs = at + durationMs + history.waitMsAfter(subscription, attempt) - nextAt;
        findings.expect(
          setMs <= slackMs,
          () => `attempt ${attempt} of ${delivery} set the next one ${setMs} ms before its schedule does`,
        );
        const next = attempts.find((each) => each.chain === chain && each.attempt === attempt + 1);
        if (next === undefined) continue;
        const due = Math.min(nextAt, copyDueAt(history, next));
        findings.expect(
          next.at >= due - slackMs,
          () => `attempt ${next.attempt} of ${delivery} began ${due - next.at} ms before its time`,
        );
      }
    }
    return findings;
  },
};

/**
 * C11: after a `Retry-After` the next attempt of its chain is not sent earlier. An answer that a killed process received was recorded
 * by nobody, so only recorded requests count. Who asks for the webhook again begins another chain. A copy of a command that a fault
 * explains has a time of its own.
 */
export const retryAfterKept: Check = {
  id: 'C11',
  title: 'Retry-After is kept',
  judge: (history) => {
    const findings = new Findings();
    const { recorded } = matchAttempts(history);
    for (const [webhookId, requests] of history.byWebhookId) {
      for (const { index, endedAt, retryAfterSeconds } of requests) {
        const answered = recorded.get(index);
        if (retryAfterSeconds === null || answered === undefined) continue;
        for (const { index: later, at } of requests) {
          const next = recorded.get(later);
          if (next?.chain !== answered.chain || next.attempt !== answered.attempt + 1) continue;
          const earlyMs = Math.min(endedAt + retryAfterSeconds * 1_000, copyDueAt(history, next)) - at;
          findings.expect(
            earlyMs <= clockSlackMs + history.clockErrorMs,
            () => `${webhookId} was sent ${earlyMs} ms before its Retry-After had passed`,
          );
        }
      }
    }
    return findings;
  },
};

import { type Egress, type EgressOutcome, sendWithRepeat } from '@tidings/egress';
import { AppError } from '@tidings/runtime';
import type { SendOutcome } from '../domain/test-attempt.ts';
import type { SendRequest } from '../ports.ts';

function outcomeOf(outcome: EgressOutcome): SendOutcome {
  const durationMs = outcome.timings.totalMs;
  if (outcome.kind === 'response') {
    const { status, headers, body } = outcome;
    return { kind: 'response', status, headers, body, durationMs };
  }
  const { reason, detail } = outcome;
  if (reason !== 'aborted') return { kind: 'failed', reason, detail, durationMs };
  throw new AppError({ code: 'unavailable', message: `the test was given up: ${detail}` });
}

/** Sends through the guarded client: no redirects, no private address, one deadline, at most 16 KiB of the answer read. */
export const httpSender =
  (egress: Pick<Egress, 'send'>): SendRequest =>
  async (request) =>
    outcomeOf(await sendWithRepeat(egress, request));

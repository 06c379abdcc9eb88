import type { RequestOutcome } from '@tidings/contracts';
import { type Egress, sendWithRepeat } from '@tidings/egress';
import { AppError } from '@tidings/runtime';
import type { Mask } from '@tidings/webhook-request';
import type { SendRequest } from '../../endpoint-health/ports.ts';
import type { SendOutcome } from '../domain/send-outcome.ts';

const asItIs: Mask = (body) => body;

function outcomeOf(outcome: RequestOutcome, mask: Mask): SendOutcome {
  if (outcome.kind === 'aborted') {
    throw new AppError({ code: 'unavailable', message: `the request was aborted: ${outcome.detail}` });
  }
  const durationMs = outcome.timings.totalMs;
  if (outcome.kind === 'response') {
    const { status, headers, body, truncated } = outcome;
    return { kind: 'response', status, headers, body: mask(body, truncated), durationMs };
  }
  const { reason, status, detail } = outcome;
  return { kind: 'failed', reason, status, detail, durationMs };
}

/**
 * Sends through the guarded client: no redirects, no private addresses, one deadline, at most 16 KiB of the response
 * read, secrets masked.
 */
export const httpSender =
  (egress: Pick<Egress, 'send'>): SendRequest =>
  async ({ mask = asItIs, ...request }) =>
    outcomeOf(await sendWithRepeat(egress, request), mask);

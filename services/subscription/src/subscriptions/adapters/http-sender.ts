import { type Egress, sendWithRepeat } from '@tidings/egress';
import { AppError } from '@tidings/runtime';
import type { SendRequest } from '../ports.ts';

/**
 * Sends through the guarded client: no redirects, no private addresses, one deadline, at most 16 KiB of the response
 * read, secrets masked.
 */
export const httpSender =
  (egress: Pick<Egress, 'send'>): SendRequest =>
  async ({ mask, ...request }) => {
    const outcome = await sendWithRepeat(egress, request);
    if (outcome.kind === 'aborted') {
      throw new AppError({ code: 'unavailable', message: `the request was aborted: ${outcome.detail}` });
    }
    if (outcome.kind === 'failed' || mask === undefined) return outcome;
    return { ...outcome, body: mask(outcome.body, outcome.truncated) };
  };

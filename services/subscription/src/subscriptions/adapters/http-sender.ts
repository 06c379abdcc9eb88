import { type Egress, sendWithRepeat } from '@tidings/egress';
import { AppError } from '@tidings/runtime';
import type { SendRequest } from '../ports.ts';

/**
 * Sends through the guarded client: no redirects, no private addresses, one deadline, at most 16 KiB of the response
 * read. Its secrets are not masked.
 */
export const httpSender =
  (egress: Pick<Egress, 'send'>): SendRequest =>
  async (request) => {
    const outcome = await sendWithRepeat(egress, request);
    if (outcome.kind === 'aborted') {
      throw new AppError({ code: 'unavailable', message: `the request was aborted: ${outcome.detail}` });
    }
    return outcome;
  };

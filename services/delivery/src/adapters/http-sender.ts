import { type Egress, sendWithRepeat } from '@tidings/egress';
import type { SendRequest } from '../ports.ts';

// An attempt records the first KiB. The rest is scanned only for a secret that
// begins in it; masking more would waste CPU.
const maxMaskedBytes = 4_096;

/**
 * Sends requests through the guarded client. Returns the beginning of the response body, with secrets masked.
 * Calls `onRepeat` for each immediate repeat of a request.
 */
export const createHttpSender =
  (egress: Pick<Egress, 'send'>, onRepeat: () => void): SendRequest =>
  async ({ mask, ...request }) => {
    const outcome = await sendWithRepeat(egress, request, onRepeat);
    if (outcome.kind === 'response') {
      const body = outcome.body.subarray(0, maxMaskedBytes);
      const isCut = outcome.truncated || body.length < outcome.body.length;
      return { ...outcome, body: mask(body, isCut) };
    }
    return outcome;
  };

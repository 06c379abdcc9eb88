import { type Egress, sendWithRepeat } from '@tidings/egress';
import type { SendRequest } from '../ports.ts';

// An attempt keeps the first KiB; the rest is only for a secret that begins there. Masking more would be CPU for nothing.
const maxMaskedBytes = 4_096;

/**
 * Sends through the guarded client. Of a body the beginning comes back, secrets in it masked. `onRepeat` is told of each
 * repeat in place.
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
    const { reason, status, detail, timings } = outcome;
    return reason === 'aborted'
      ? { kind: 'aborted', detail }
      : { kind: 'failed', reason, status, detail, timings };
  };

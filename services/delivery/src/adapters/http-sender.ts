import { type Egress, sendWithRepeat } from '@tidings/egress';
import type { SendRequest } from '../ports.ts';

/** Sends through the guarded client; secrets that come back are masked here. `onRepeat` is told of each repeat in place. */
export const createHttpSender =
  (egress: Pick<Egress, 'send'>, onRepeat: () => void): SendRequest =>
  async ({ mask, ...request }) => {
    const outcome = await sendWithRepeat(egress, request, onRepeat);
    if (outcome.kind === 'response') return { ...outcome, body: mask(outcome.body, outcome.truncated) };
    const { reason, status, detail, timings } = outcome;
    return reason === 'aborted'
      ? { kind: 'aborted', detail }
      : { kind: 'failed', reason, status, detail, timings };
  };
